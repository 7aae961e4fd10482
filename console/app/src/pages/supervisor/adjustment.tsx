import { Refused } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { dateTime, figure, number } from "../../i18n/format.js";
import { signed, signedMoney } from "../../office-format.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client, currentUser, mayBe } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Banner, Chip, EmptyState } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { AdjustmentState } from "./adjustments.js";
import { ExportButton } from "./export-button.js";
import { type AdjustmentWithLines, postingSigns } from "./kinds.js";
import { NoteJobDialog, type Outcome } from "./note-job-dialog.js";
import { Who } from "./people.js";
import { moneyLabel, Unit } from "./review-lines.js";
import { Quantities } from "./review-summary.js";
import { text } from "./texts.js";
import { UnsentPhones } from "./unsent-phones.js";
import { useWalk } from "./walk.js";

const states = ["all", "pending", "sent", "applied", "refused", "superseded", "withdrawn"] as const;
type Line = AdjustmentWithLines["items"][number];

/** One adjustment: what it corrects, who approved it, and how far it is on its way into the ERP. */
export function AdjustmentPage() {
    const id = useParameter("id");
    const { query, route } = useLocation();
    const state = states.find((each) => each === query["state"]) ?? "all";
    const walk = useWalk((cursor, signal) => client.call("get", "/api/adjustments/{id}", { path: { id }, query: { limit: 200, ...(state === "all" ? {} : { state }), ...(cursor === undefined ? {} : { cursor }) }, signal }), [id, state]);
    return (
        <Page title={text("adjustment.title")} back={pathTo("/adjustments")} wide>
            <Loading of={walk} rows={5}>
                {({ page, rows }) => (
                    <div class="stack">
                        <Head page={page} onChange={walk.reload} />
                        {page.posting !== undefined && (
                            <Segments
                                label={text("adjustment.posting")}
                                value={state}
                                options={states.map((value) => ({ value, label: <>{text(value === "all" ? "counts.all" : `posting.${value}`)} <small translate={false}>{number(value === "all" ? page.line_count : (page.posting[value] ?? 0))}</small></> }))}
                                onChange={(value) => route(value === "all" ? pathTo("/adjustments", id) : `${pathTo("/adjustments", id)}?state=${value}`, true)}
                            />
                        )}
                        {rows.length === 0 ? (
                            <EmptyState icon="check" title={text(state === "all" ? "adjustment.no_lines" : "review.none_such")} text={text(state === "all" ? "adjustment.no_lines_text" : "review.none_such_text")} />
                        ) : (
                            <Table label={text("adjustment.lines")} rows={rows} columns={columns(page.currency)} keyOf={(line) => String(line.n)} total={state === "all" ? page.line_count : (page.posting[state] ?? rows.length)} onEnd={walk.more} onOpen={(line) => route(pathTo("/counts", page.count_id, "review", line.item_code))} rowHeight={64} />
                        )}
                    </div>
                )}
            </Loading>
            <ZoneNote />
        </Page>
    );
}

function Head({ page, onChange }: { page: AdjustmentWithLines; onChange: () => Promise<void> }) {
    const { route } = useLocation();
    const [reverses, setReverses] = useState(false);
    const user = currentUser();
    const isAdmin = user !== null && mayBe(user.role, "admin");
    const { status, adjustment_id: id } = page;
    const run = async (work: () => Promise<unknown>): Promise<void> => {
        try {
            await work();
            await onChange();
        } catch (fault) {
            notify({ tone: "bad", text: fault instanceof Refused && fault.code === "conflict_state" ? text("adjustment.not_now") : faultText(fault) });
        }
    };
    const post = async (method: "erp" | "file"): Promise<void> => {
        if (await ask({ title: text(`adjustment.post_${method}`), text: text(`adjustment.post_${method}_text`), confirm: text(`adjustment.post_${method}`) })) await run(() => client.call("post", "/api/adjustments/{id}/post", { path: { id }, body: { method } }));
    };
    const begin = async (note: string): Promise<Outcome> => {
        try {
            const answer = await client.call("post", "/api/adjustments/{id}/reverse", { path: { id }, body: { note } });
            return "adjustment_id" in answer ? { done: answer.adjustment_id } : { job: answer };
        } catch (fault) {
            return { fault: (fault instanceof Refused ? refusal(fault.code) : null) ?? faultText(fault) };
        }
    };
    return (
        <section class="stack">
            <div class="row chips">
                <strong>{text(`adjustment.kind.${page.kind}`)} {number(page.seq)}</strong>
                <AdjustmentState adjustment={page} />
                {page.reversed_by !== null && <Chip icon="undo">{text("adjustment.reversed")}</Chip>}
                <span class="small soft">
                    <Data>{page.warehouse}</Data> · <Data>{page.approved_by.full_name ?? page.approved_by.user_id ?? ""}</Data> · <time translate={false}>{dateTime(page.approved_at)}</time>
                </span>
            </div>
            {page.note !== null && <p><Data>{page.note}</Data></p>}
            <dl class="tiles summary">
                <div class="card">
                    <dt class="small soft">{text("adjustment.lines")}</dt>
                    <dd class="tile-value">{number(page.line_count)}</dd>
                    {page.superseded > 0 && <dd class="small soft">{text("adjustment.superseded", { n: page.superseded })}</dd>}
                    {(page.uncompared ?? 0) > 0 && <dd class="small soft">{text("adjustment.uncompared", { n: page.uncompared ?? 0 })}</dd>}
                </div>
                <div class="card">
                    <dt class="small soft">{text("summary.net")}</dt>
                    <dd class="tile-value">{signedMoney(page.value, page.currency)}</dd>
                    <Quantities sums={page.sums.map(({ uom, net }) => [uom, signed(net)])} />
                </div>
                <div class="card">
                    <dt class="small soft">{text("summary.gross")}</dt>
                    <dd class="tile-value">{moneyLabel(page.gross_value, page.currency)}</dd>
                    <Quantities sums={page.sums.map(({ uom, gross }) => [uom, figure(gross)])} />
                </div>
            </dl>
            {page.error !== null && page.error !== undefined && <Banner tone="bad" title={text("adjustment.error")}><Data>{page.error}</Data></Banner>}
            <UnsentPhones phones={page.unsent ?? []} approved />
            <Banner tone={status === "refused" ? "bad" : status === "posted" ? "ok" : "info"}>{text(`adjustment.explain.${status}`)}</Banner>
            {page.reverses !== null && <Button icon="undo" href={pathTo("/adjustments", page.reverses)}>{text("adjustment.reverses")}</Button>}
            {page.reversed_by !== null && <Button icon="undo" href={pathTo("/adjustments", page.reversed_by)}>{text("adjustment.reversal")}</Button>}
            <div class="row">
                <Button icon="search" href={pathTo("/counts", page.count_id, "review")}>{text("adjustment.count")}</Button>
                <ExportButton path={`/api/adjustments/${encodeURIComponent(id)}/export`} />
                {status === "refused" && <Button icon="sync" onClick={() => run(() => client.call("post", "/api/adjustments/{id}/retry", { path: { id } }))}>{text("adjustment.retry")}</Button>}
                {status === "posting" && <Button icon="pause" onClick={() => run(() => client.call("post", "/api/adjustments/{id}/stop", { path: { id } }))}>{text("adjustment.stop")}</Button>}
                {isAdmin && (status === "approved" || status === "stopped") && (
                    <>
                        <Button icon="upload" onClick={() => post("erp")}>{text("adjustment.post_erp")}</Button>
                        <Button icon="check" onClick={() => post("file")}>{text("adjustment.post_file")}</Button>
                    </>
                )}
                {page.kind === "approve" && page.reversed_by === null && <Button kind="plain" icon="undo" onClick={() => setReverses(true)}>{text("adjustment.reverse")}</Button>}
            </div>
            {reverses && (
                <NoteJobDialog
                    title={text("reverse.title")}
                    explain={text("reverse.text")}
                    confirm={text("adjustment.reverse")}
                    working={text("reverse.working")}
                    begin={begin}
                    refusal={refusal}
                    onClose={() => setReverses(false)}
                    onFailed={onChange}
                    onDone={(made) => {
                        setReverses(false);
                        route(pathTo("/adjustments", made));
                    }}
                />
            )}
        </section>
    );
}

const refusal = (code: string): string | null => (code === "conflict_state" ? text("reverse.not_now") : code === "over_limit" ? text("approve.over_limit") : null);

const columns = (currency: string | null): readonly Column<Line>[] => [
    { key: "n", title: text("adjustment.line"), width: "max-content", align: "end", cell: (line) => number(line.n) },
    { key: "item", title: text("line.item"), width: "minmax(16ch, 2fr)", cell: (line) => <><strong><Code>{line.item_code}</Code></strong>{line.lot !== "" && <div class="small soft">{text("line.lot", { lot: line.lot })}</div>}</> },
    { key: "book", title: text("line.book"), width: "max-content", align: "end", cell: (line) => <>{figure(line.book)} <Unit uom={line.uom} /></> },
    { key: "counted", title: text("line.counted"), width: "max-content", align: "end", cell: (line) => <>{figure(line.counted)} <Unit uom={line.uom} /></> },
    { key: "delta", title: text("adjustment.delta"), width: "minmax(10ch, max-content)", align: "end", cell: (line) => <strong class={line.delta < 0 ? "is-short" : "is-over"}>{signed(line.delta)} <Unit uom={line.uom} /></strong> },
    { key: "value", title: text("line.value"), width: "minmax(10ch, max-content)", align: "end", cell: (line) => (line.value === null || line.value === undefined ? "–" : signedMoney(line.value, currency)) },
    { key: "accepted", title: text("adjustment.accepted_by"), width: "minmax(14ch, 1fr)", cell: (line) => (line.accepted_by === null || line.accepted_by === undefined ? "–" : <Who id={line.accepted_by} />) },
    {
        key: "posting",
        title: text("adjustment.posting"),
        width: "minmax(max-content, 1fr)",
        cell: (line) => (
            <>
                <Chip {...postingSigns[line.posting.state]}>{text(`posting.${line.posting.state}`)}</Chip>
                {line.posting.error !== null && <div class="small clip"><Data>{line.posting.error}</Data></div>}
            </>
        ),
    },
];
