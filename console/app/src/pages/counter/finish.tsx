import { useLocation } from "preact-iso";
import { useEffect } from "preact/hooks";
import { faultText } from "../../faults.js";
import { base, pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client, queue, racks } from "../../session.js";
import { applyUpdate, lookForUpdate, updateReady } from "../../updates.js";
import { shellText } from "../../i18n/shell.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { Ring } from "../../ui/figures.js";
import { Icon } from "../../ui/icon.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Banner, EmptyState, Skeleton } from "../../ui/surface.js";
import { Code } from "../../ui/text.js";
import { dropDrafts } from "./drafts.js";
import { clearPractice, isPractice } from "./practice.js";
import { heldBy } from "./held-by.js";
import { NextRack } from "./next-rack.js";
import { openTimes } from "./open-scans.js";
import type { RackWork } from "./rack-work.js";
import { text } from "./texts.js";
import { mayLeaveUnsaved, Unsaved } from "./unsaved.js";
import { workOf } from "./work-of.js";

/** The end of a rack: what is still uncounted is not nothing, and what is unsent goes first. */
export function FinishPage() {
    const session = useParameter("session");
    const work = workOf(session);
    const rack = racks.value.find((each) => each.session_id === session);
    useEffect(lookForUpdate, []);
    if (work === null || rack?.lease === "ended") return <Finished session={session} holder={rack?.holder === undefined ? null : heldBy(rack.holder)} />;
    return work.isKnown.value ? <Finish work={work} waits={rack?.finish} /> : <Starting session={session} />;
}

/** Nothing is to be finished, nor to move under a finger, before it is known what is uncounted. */
function Starting({ session }: { session: string }) {
    return (
        <Page title={text("finish.title")} back={pathTo("/count", session)}>
            <div aria-busy="true">
                <Skeleton />
            </div>
        </Page>
    );
}

function Finished({ session, holder }: { session: string; holder: string | null }) {
    return (
        <Page title={text("finish.title")} back={base}>
            {holder !== null && <Banner tone="info" title={text("finish.done")}>{holder}</Banner>}
            <EmptyState icon="check" title={text("finish.done")} text={queue.value.all_safe ? text("queue.safe") : text("finish.done_text")} action={<Button size="large" icon="rack" href={pathTo("/racks")}>{text("home.choose")}</Button>} />
            <NextRack after={session} />
            {updateReady.value && (
                <Banner tone="info" title={shellText("update.title")} action={<Button onClick={applyUpdate}>{shellText("update.now")}</Button>} />
            )}
        </Page>
    );
}

function Finish({ work, waits }: { work: RackWork; waits: { blocked_by: "unsent" | "refused" | "records_missing" | null } | undefined }) {
    const { route } = useLocation();
    const { session_id, rack_id } = work.rack;
    const uncounted = work.uncounted.value;
    const expected = work.expected.value;
    const done = Math.max(0, expected - uncounted.length);
    const back = pathTo("/count", session_id);
    const run = async (action: () => Promise<unknown>): Promise<void> => {
        try {
            await action();
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    const finish = (): Promise<void> =>
        run(async () => {
            if (!(await mayLeaveUnsaved(session_id, text("drafts.drop_finish")))) return;
            if (work.open.value.length > 0 && !(await ask({ title: text("count.open", { n: openTimes(work) }), text: text("count.open_text"), confirm: text("count.open_finish"), danger: true }))) return;
            if (isPractice(session_id)) {
                clearPractice();
                dropDrafts(session_id);
                return route(base);
            }
            if (uncounted.length > 0 && !(await ask({ title: text("finish.anyway"), text: text("finish.uncounted_text", { n: uncounted.length }), confirm: text("finish.yes") }))) return;
            await client.complete(session_id);
            dropDrafts(session_id);
            void client.sync();
        });
    const nothingThere = (): Promise<void> =>
        run(async () => {
            if (!(await ask({ title: text("finish.empty"), text: text("finish.empty_text", { n: uncounted.length }), confirm: text("finish.empty_yes") }))) return;
            await client.sync();
            await client.call("post", "/api/racks/{rack_id}/empty", { path: { rack_id }, body: { session_id, item_codes: uncounted.map((item) => item.item_code) } });
            await client.restore(session_id);
            await work.load();
        });
    return (
        <Page title={text("finish.title")} heading={<>{text("finish.title")} <Code>{rack_id}</Code></>} back={back}>
            <div class="stack">
                <div class="card finish-head">
                    <Ring share={expected === 0 ? 1 : done / expected} size={112} label={text("count.progress", { done, total: expected })} />
                    <div class="stack-tight">
                        <strong>{text("count.progress", { done, total: expected })}</strong>
                        <span class="soft">{text("finish.records", { n: work.lines.value.length })}</span>
                    </div>
                </div>
                <Unsaved session={session_id} />
                {work.open.value.length > 0 && (
                    <Banner tone="warn" title={text("count.open", { n: openTimes(work) })} action={<Button icon="scan" href={back}>{text("count.open_count")}</Button>}>
                        {text("count.open_text")}
                    </Banner>
                )}
                {uncounted.length > 0 && (
                    <section class="card stack">
                        <div class="row">
                            <Icon name="warning" />
                            <strong>{text("finish.uncounted", { n: uncounted.length })}</strong>
                        </div>
                        <p class="small soft">{text("finish.not_zero")}</p>
                        <div class="row">
                            <Button icon="list" href={back}>{text("finish.show")}</Button>
                            {!isPractice(session_id) && <Button onClick={nothingThere}>{text("finish.empty")}</Button>}
                        </div>
                    </section>
                )}
                {queue.value.refused > 0 && <Banner tone="bad" title={text("home.refused", { n: queue.value.refused })} action={<Button href={pathTo("/unsent")}>{text("home.look")}</Button>} />}
                {waits === undefined ? (
                    <Button kind="primary" size="large" wide icon="flag" onClick={finish}>{text("finish.finish")}</Button>
                ) : (
                    <Banner tone="info" icon="upload" title={text("finish.waits")} action={<Button onClick={() => run(() => client.cancelComplete(session_id))}>{text("finish.take_back")}</Button>}>
                        {text(`finish.blocked.${waits.blocked_by ?? "unsent"}`)}
                    </Banner>
                )}
                {/* Below the button, which is not to move under a finger when the last record is sent. */}
                {queue.value.unsent > 0 && <Banner tone="info" icon="upload">{text("finish.unsent", { n: queue.value.unsent })}</Banner>}
            </div>
        </Page>
    );
}
