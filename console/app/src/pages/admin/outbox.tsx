import type { Schema } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { dateTime, money, number } from "../../i18n/format.js";
import { useLoadPages } from "../../load-pages.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Loading } from "../../ui/loading.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Data } from "../../ui/text.js";
import { text } from "./texts.js";

type Adjustment = Schema<"Adjustment">;

const looks = { approved: ["info", "check"], posting: ["info", "upload"], stopped: ["warn", "pause"], refused: ["bad", "stop"], posted: ["ok", "check"] } as const;

export function PostingState({ status }: { status: Adjustment["status"] }) {
    const [tone, icon] = looks[status];
    return <Chip tone={tone} icon={icon}>{text(`posting.${status}`)}</Chip>;
}

/** What counts corrected, and how far it came into the ERP. */
export function Outbox() {
    const { route } = useLocation();
    const loaded = useLoadPages((cursor, signal) => client.call("get", "/api/adjustments", { query: { limit: 100, ...(cursor === undefined ? {} : { cursor }) }, signal }), []);
    return (
        <section class="stack">
            <h2>{text("outbox.title")}</h2>
            <Loading of={loaded}>
                {(adjustments) =>
                    adjustments.length === 0 ? (
                        <EmptyState icon="upload" title={text("outbox.none")} text={text("outbox.none_text")} />
                    ) : (
                        <Table label={text("outbox.title")} rows={adjustments} columns={columns()} keyOf={(adjustment) => adjustment.adjustment_id} onEnd={loaded.more} onOpen={(adjustment) => route(pathTo("/admin/erp/adjustments", adjustment.adjustment_id))} rowHeight={64} />
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
