import type { Schema } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { money } from "../../office-format.js";
import { dateTime, number } from "../../i18n/format.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Loading } from "../../ui/loading.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Data } from "../../ui/text.js";
import { text } from "./texts.js";

type Adjustment = Schema<"Adjustment">;

const looks = { approved: ["info", "clock"], posting: ["info", "upload"], stopped: ["warn", "pause"], refused: ["bad", "stop"], posted: ["ok", "check"] } as const;

function PostingState({ status }: { status: Adjustment["status"] }) {
    const [tone, icon] = looks[status];
    return <Chip tone={tone} icon={icon}>{text(`posting.${status}`)}</Chip>;
}

const latest = 20;

/** What counts corrected last, and how far it came into the ERP. */
export function Outbox() {
    const { route } = useLocation();
    const loaded = useLoad((signal) => client.call("get", "/api/adjustments", { query: { limit: latest }, signal }), []);
    return (
        <section class="stack">
            <div class="row-apart">
                <h2>{text("outbox.title")}</h2>
                <Button kind="plain" href={pathTo("/adjustments")}>{text("outbox.all")}</Button>
            </div>
            <Loading of={loaded}>
                {({ items }) =>
                    items.length === 0 ? (
                        <EmptyState icon="upload" title={text("outbox.none")} text={text("outbox.none_text")} />
                    ) : (
                        <Table label={text("outbox.title")} rows={items} columns={columns()} keyOf={(adjustment) => adjustment.adjustment_id} onOpen={(adjustment) => route(pathTo("/adjustments", adjustment.adjustment_id))} rowHeight={64} />
                    )
                }
            </Loading>
        </section>
    );
}

const columns = (): readonly Column<Adjustment>[] => [
    {
        key: "seq",
        title: text("outbox.adjustment"),
        width: "minmax(16ch, 1.5fr)",
        cell: (adjustment) => (
            <>
                <strong translate={false}><Data>{adjustment.warehouse}</Data> {number(adjustment.seq)}</strong>
                <div class="small soft">{adjustment.kind === "reversal" ? text("outbox.reversal") : text("outbox.approval")}</div>
            </>
        ),
    },
    { key: "status", title: text("outbox.state"), width: "minmax(16ch, max-content)", cell: (adjustment) => <PostingState status={adjustment.status} /> },
    { key: "lines", title: text("outbox.lines"), width: "max-content", align: "end", cell: (adjustment) => <span translate={false}>{number(adjustment.line_count)}</span> },
    { key: "value", title: text("outbox.value"), width: "max-content", align: "end", cell: (adjustment) => <span translate={false}>{money(adjustment.value, adjustment.currency)}</span> },
    { key: "at", title: text("outbox.at"), width: "minmax(20ch, max-content)", cell: (adjustment) => <time translate={false}>{dateTime(adjustment.approved_at)}</time> },
];
