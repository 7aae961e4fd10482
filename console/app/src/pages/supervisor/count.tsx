import { useState } from "preact/hooks";
import { useParameter } from "../../routes.js";
import { faultText } from "../../faults.js";
import { language } from "../../i18n/catalogue.js";
import { dateTime, figure } from "../../i18n/format.js";
import { useLoad } from "../../load.js";
import { useLiveReload } from "../../live.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Banner } from "../../ui/surface.js";
import { Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { CountKind, CountName, CountState, countTitle, Scope } from "./counts.js";
import { CountRacks } from "./count-racks.js";
import { type Count, isClosed } from "./kinds.js";
import { ReasonDialog } from "./reason-dialog.js";
import { text } from "./texts.js";
import { useWalk } from "./walk.js";
import { Who } from "./people.js";

/** A count as whoever leads it sees it: how far its racks are, who counts them, what comes next. */
export function CountPage() {
    const countId = useParameter("count");
    const loaded = useLoad((signal) => client.call("get", "/api/sessions/{id}", { path: { id: countId }, signal }) as Promise<Count>, [countId]);
    const racks = useWalk((cursor, signal) => client.call("get", "/api/sessions/{id}/racks", { path: { id: countId }, query: { limit: 500, ...(cursor === undefined ? {} : { cursor }) }, signal }), [countId]);
    const reload = async (): Promise<void> => {
        await Promise.all([loaded.reload(), racks.reload()]);
    };
    useLiveReload(["count.", "review.", "recount.", "rack.", "session."], reload, (event) => event.id === countId || event["count_id"] === countId);
    return (
        <Page title={countTitle(loaded.data)} heading={loaded.data === undefined ? undefined : <CountName count={loaded.data} />} back={pathTo("/counts")} wide>
            <div class="stack">
                <Loading of={loaded} rows={2}>
                    {(count) => <CountHead count={count} onChange={reload} />}
                </Loading>
                <Loading of={racks} rows={6} height={52}>
                    {({ rows, next }) => <CountRacks countId={countId} warehouse={loaded.data?.warehouse ?? null} isOver={loaded.data === undefined || isClosed(loaded.data)} racks={rows} isWhole={next === null} onEnd={racks.more} onChange={reload} />}
                </Loading>
            </div>
            <ZoneNote />
        </Page>
    );
}

function CountHead({ count, onChange }: { count: Count; onChange: () => Promise<void> }) {
    const [cancels, setCancels] = useState(false);
    const advance = async (step: "reconcile" | "close", how: { force: boolean; reason?: string }): Promise<string | null> => {
        const { results } = await client.call("post", step === "close" ? "/api/sessions/bulk/close" : "/api/sessions/bulk/reconcile", { body: { session_ids: [count.session_id], ...how } });
        const [result] = results;
        await onChange();
        return result === undefined || result.success ? null : (result.code ?? "");
    };
    const reconcile = async (): Promise<void> => {
        if (!(await ask({ title: text("count.stop_ask"), text: text("count.stop_text"), confirm: text("count.stop") }))) return;
        try {
            const code = await advance("reconcile", { force: false });
            if (code !== null) notify({ tone: "bad", text: text(code === "still_counting" ? "count.still_counting" : "count.over") });
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    const cancel = async (reason: string): Promise<string | undefined> => {
        try {
            const code = await advance("close", { force: false, reason });
            if (code === "still_counting") {
                if (!(await ask({ title: text("count.force_ask"), text: text("count.force_text"), confirm: text("count.force"), danger: true }))) return undefined;
                await advance("close", { force: true, reason });
            } else if (code !== null) return text("count.over");
            setCancels(false);
            return undefined;
        } catch (fault) {
            return faultText(fault);
        }
    };
    const review = pathTo("/counts", count.session_id, "review");
    return (
        <div class="stack">
            <div class="row chips">
                <CountState count={count} />
                <CountKind count={count} />
                <span class="small soft">
                    <Scope count={count} /> · <time translate={false}>{dateTime(count.started_at)}</time>
                    {count.opened_by !== undefined && count.opened_by !== null && <> · <Who id={count.opened_by} /></>}
                </span>
            </div>
            <Limits of={count.tolerance} />
            {(count.uncompared_items ?? 0) > 0 && <p class="small soft">{text("count.uncompared", { n: count.uncompared_items ?? 0 })}</p>}
            {count.status === "CLOSED" && <Banner tone="info" title={text("count.closed_text")}>{count.close_reason == null ? undefined : <Data>{count.close_reason}</Data>}</Banner>}
            {count.status === "OPEN" && count.book_state === "pending" && <Banner tone="info" icon="clock">{text("count.book_pending")}</Banner>}
            {count.approval?.code !== undefined && count.status === "RECONCILE" && (
                <Banner tone="warn" title={text("count.approval_back")} action={<Button href={review}>{text("count.review")}</Button>}>
                    {text(count.approval.code === "over_limit" ? "approve.over_limit" : "count.approval_undecided")}
                </Banner>
            )}
            <div class="row">
                {count.status === "APPROVED" && <Button kind="primary" icon="check" href={pathTo("/adjustments", count.session_id)}>{text("count.adjustment")}</Button>}
                <Button kind={count.status === "APPROVED" ? "default" : "primary"} icon="search" href={review}>{text("count.review")}</Button>
                {count.status === "OPEN" && <Button icon="flag" onClick={reconcile}>{text("count.stop")}</Button>}
                {!isClosed(count) && <Button icon="conflict" href={`${pathTo("/decide")}?count=${encodeURIComponent(count.session_id)}`}>{text("count.conflicts")}</Button>}
                <Button icon="scan" href={`${pathTo("/serials")}?count=${encodeURIComponent(count.session_id)}`}>{text("count.serials")}</Button>
                <Button icon="print" href={pathTo("/counts", count.session_id, "sheets")}>{text("count.sheets")}</Button>
                {!isClosed(count) && count.status !== "APPROVING" && <Button kind="plain" icon="close" onClick={() => setCancels(true)}>{text("count.cancel")}</Button>}
            </div>
            {cancels && <ReasonDialog title={text("count.cancel_ask")} explain={text("count.cancel_text")} confirm={text("count.cancel")} danger onClose={() => setCancels(false)} onSubmit={cancel} />}
        </div>
    );
}

/** Past which differences a line is counted again by itself, as the count was opened. */
function Limits({ of: tolerance }: { of: Count["tolerance"] }) {
    if (tolerance === null || tolerance === undefined) return null;
    const { percent, quantity, value, different_user } = tolerance;
    const limits = [
        ...(percent === null ? [] : [text("count.limit.percent", { limit: figure(percent) })]),
        ...(quantity === null ? [] : [text("count.limit.quantity", { limit: figure(quantity) })]),
        ...(value === null ? [] : [text("count.limit.value", { limit: figure(value) })]),
    ];
    const told = new Intl.ListFormat(language().tag, { type: "disjunction" }).format(limits);
    return <p class="small soft">{text(different_user ? "count.tolerance_other" : "count.tolerance", { limits: told })}</p>;
}
