import type { Schema } from "@stockverify/client";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { dateTime, figure, money, number } from "../../i18n/format.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Banner, EmptyState } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Code, Data } from "../../ui/text.js";
import { useEvery } from "./every.js";
import { PostingState } from "./outbox.js";
import { text } from "./texts.js";

type Adjustment = Schema<"Adjustment">;
type Line = Schema<"AdjustmentLine">;

const lineStates = ["pending", "sent", "applied", "refused", "superseded", "withdrawn"] as const;
type LineState = (typeof lineStates)[number];

/** One adjustment's way into the ERP: how far it is, what was refused, what can be done about it. */
export function AdjustmentPage() {
    const id = useParameter("adjustment");
    const [state, setState] = useState<LineState | "all">("all");
    const loaded = useLoad(
        (signal) => client.call("get", "/api/adjustments/{id}", { path: { id }, query: { limit: 500, ...(state === "all" ? {} : { state }) }, signal }),
        [id, state],
    );
    useEvery(loaded.data?.status === "posting" ? 2 : null, loaded.reload);
    return (
        <Page title={text("outbox.adjustment")} back={pathTo("/admin/erp")} wide>
            <Loading of={loaded}>
                {(adjustment) => (
                    <div class="stack">
                        <Summary adjustment={adjustment} />
                        <Actions adjustment={adjustment} onDone={loaded.reload} />
                        <Segments
                            label={text("outbox.lines")}
                            value={state}
                            options={[{ value: "all", label: text("all") }, ...lineStates.filter((name) => (adjustment.posting[name] ?? 0) > 0).map((value) => ({ value, label: text("posting.count", { state: text(`line.${value}`), count: adjustment.posting[value] ?? 0 }) }))]}
                            onChange={setState}
                        />
                        {adjustment.items.length === 0 ? (
                            <EmptyState icon="list" title={text("outbox.no_lines")} text={text("none_narrowed")} />
                        ) : (
                            <Table label={text("outbox.lines")} rows={adjustment.items} columns={columns()} keyOf={(line) => String(line.n)} total={adjustment.line_count} />
                        )}
                        {adjustment.next_cursor !== null && <p class="small soft">{text("outbox.first_lines", { n: adjustment.items.length })}</p>}
                    </div>
                )}
            </Loading>
        </Page>
    );
}

function Summary({ adjustment }: { adjustment: Adjustment }) {
    return (
        <section class="card stack-tight">
            <div class="row-apart">
                <strong translate={false}><Data>{adjustment.warehouse}</Data> {number(adjustment.seq)}</strong>
                <PostingState status={adjustment.status} />
            </div>
            <div class="row-apart"><span class="soft">{text("outbox.value")}</span><span translate={false}>{money(adjustment.value, adjustment.currency)}</span></div>
            <div class="row-apart"><span class="soft">{text("outbox.at")}</span><time translate={false}>{dateTime(adjustment.approved_at)}</time></div>
            <div class="row-apart"><span class="soft">{text("outbox.by")}</span><Data>{adjustment.approved_by.full_name ?? adjustment.approved_by.user_id ?? ""}</Data></div>
            {adjustment.note !== null && <p class="small"><Data>{adjustment.note}</Data></p>}
            {adjustment.error !== null && <Banner tone="bad" title={text("outbox.stuck")}><Data>{adjustment.error}</Data></Banner>}
        </section>
    );
}

function Actions({ adjustment, onDone }: { adjustment: Adjustment; onDone: () => Promise<void> }) {
    const path = { id: adjustment.adjustment_id };
    const tried = async (run: () => Promise<unknown>, question?: { title: string; text: string; confirm: string }): Promise<void> => {
        if (question !== undefined && !(await ask(question))) return;
        try {
            await run();
            notify({ tone: "ok", text: text("saved") });
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
        await onDone();
    };
    const post = (method: "erp" | "file") => () => client.call("post", "/api/adjustments/{id}/post", { path, body: { method } });
    const { status } = adjustment;
    const mayPost = status === "approved" || status === "stopped";
    return (
        <div class="row">
            {mayPost && <Button kind="primary" icon="upload" onClick={() => tried(post("erp"), { title: text("outbox.post_ask"), text: text("outbox.post_text"), confirm: text("outbox.post") })}>{text("outbox.post")}</Button>}
            {mayPost && <Button icon="check" onClick={() => tried(post("file"), { title: text("outbox.file_ask"), text: text("outbox.file_text"), confirm: text("outbox.file") })}>{text("outbox.file")}</Button>}
            {status === "posting" && <Button icon="pause" onClick={() => tried(() => client.call("post", "/api/adjustments/{id}/stop", { path }))}>{text("outbox.stop")}</Button>}
            {status === "refused" && <Button kind="primary" icon="sync" onClick={() => tried(() => client.call("post", "/api/adjustments/{id}/retry", { path }))}>{text("outbox.retry")}</Button>}
        </div>
    );
}

const columns = (): readonly Column<Line>[] => [
    { key: "item", title: text("erp.item"), width: "minmax(16ch, 1fr)", cell: (line) => <Code>{line.lot === "" ? line.item_code : `${line.item_code} ${line.lot}`}</Code> },
    { key: "delta", title: text("outbox.delta"), width: "max-content", align: "end", cell: (line) => <span translate={false}>{line.delta > 0 ? "+" : ""}{figure(line.delta)} {line.uom}</span> },
    { key: "state", title: text("outbox.state"), width: "minmax(12ch, max-content)", cell: (line) => text(`line.${line.posting.state}`) },
    { key: "attempts", title: text("outbox.attempts"), width: "max-content", align: "end", cell: (line) => <span translate={false}>{number(line.posting.attempts)}</span> },
    { key: "error", title: text("import.reason"), width: "minmax(24ch, 2fr)", cell: (line) => <Data class="wrap">{line.posting.error ?? "–"}</Data> },
];
