import type { HeldRack, RackItem, Scan } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { language } from "../../i18n/catalogue.js";
import { quantityLabel } from "../../i18n/format.js";
import { base, pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { giveSignal, speak, unlockSound } from "../../scan/feedback.js";
import { useScans } from "../../scan/scanner.js";
import { auth, client, racks } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Progress } from "../../ui/figures.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Banner, EmptyState } from "../../ui/surface.js";
import { Code } from "../../ui/text.js";
import { BesideDialog } from "./beside-dialog.js";
import { ByHand } from "./by-hand.js";
import { CameraSheet } from "./camera-sheet.js";
import { Counted, Uncounted } from "./count-lists.js";
import { useCountingLock } from "./counting-lock.js";
import { ItemName } from "./item-name.js";
import { LastOutcome, tellOutcome } from "./last-outcome.js";
import { LeaseChip } from "./lease.js";
import { LoginAgain } from "./login-again.js";
import { isPractice } from "./practice.js";
import { OpenScans } from "./open-scans.js";
import { RackMenu } from "./rack-menu.js";
import { isOver, RackOver } from "./rack-over.js";
import type { Outcome, RackWork } from "./rack-work.js";
import { text } from "./texts.js";
import { workOf } from "./work-of.js";

/** The screen stays on while somebody counts. */
function useWakeLock(): void {
    useEffect(() => {
        let lock: WakeLockSentinel | undefined;
        const hold = (): void => {
            if (document.visibilityState === "visible") void navigator.wakeLock?.request("screen").then((held) => (lock = held), () => undefined);
        };
        hold();
        document.addEventListener("visibilitychange", hold);
        return () => {
            document.removeEventListener("visibilitychange", hold);
            void lock?.release();
        };
    }, []);
}

export function CountPage() {
    const sessionId = useParameter("session");
    const rack = racks.value.find((each) => each.session_id === sessionId);
    const work = workOf(sessionId);
    if (work === null || (rack === undefined && !isPractice(sessionId)))
        return (
            <Page title={text("count.title")} back={base}>
                <EmptyState icon="rack" title={text("count.gone")} text={text("count.gone_text")} action={<Button kind="primary" href={pathTo("/racks")}>{text("home.choose")}</Button>} />
            </Page>
        );
    return <Count key={sessionId} work={work} rack={rack} />;
}

type View = "counted" | "uncounted";

function Count({ work, rack }: { work: RackWork; rack: HeldRack | undefined }) {
    const { route } = useLocation();
    const [view, setView] = useState<View>("counted");
    const [sheet, setSheet] = useState<"camera" | "hand" | "menu" | null>(null);
    const [choice, setChoice] = useState<Extract<Outcome, { kind: "choose" }> | null>(null);
    const [beside, setBeside] = useState<{ item: RackItem; scan: Scan } | null>(null);
    const { session_id } = work.rack;
    useCountingLock();
    useWakeLock();

    const took = (outcome: Outcome): void => {
        tellOutcome(session_id, outcome);
        switch (outcome.kind) {
            case "counted":
                giveSignal("ok");
                speak(quantityLabel(outcome.total), language().tag);
                return;
            case "repeated":
                return giveSignal("repeat");
            case "choose":
                giveSignal("unknown");
                return setChoice(outcome);
            case "counted_by_others":
                giveSignal("unknown");
                return setBeside(outcome);
            case "serial_needed":
            case "lot_needed":
                giveSignal("unknown");
                return route(pathTo("/count", session_id, "item", outcome.item.item_code));
            case "unknown":
                return giveSignal("unknown");
            case "taken_back":
                return giveSignal("undone");
            case "over":
            case "failed":
                return giveSignal("error");
        }
    };
    const isGone = isOver(rack);
    const scan = async (code: string): Promise<void> => {
        unlockSound();
        took(isGone ? { kind: "over" } : await work.scan(code));
    };
    useScans((code) => void scan(code));

    const undo = async (): Promise<void> => {
        const outcome = await work.undo().catch((fault: unknown): Outcome => ({ kind: "failed", fault }));
        if (outcome !== null) took(outcome);
    };

    const lines = work.lines.value;
    const uncounted = work.uncounted.value;
    const expected = work.expected.value;
    const done = Math.max(0, expected - uncounted.length);
    return (
        <Page
            title={`${text("count.title")} ${work.rack.rack_id}`}
            heading={<Code>{work.rack.rack_id}</Code>}
            back={base}
            actions={
                <>
                    {rack !== undefined && <LeaseChip rack={rack} />}
                    {rack !== undefined && <Button kind="plain" icon="more" label={text("count.menu")} onClick={() => setSheet("menu")} />}
                </>
            }
        >
            <div class="stack count">
                {auth.value.state === "expired" && <LoginAgain />}
                <RackOver rack={rack} />
                {rack?.lease === "unconfirmed" && (
                    <div class="late">
                        <Banner tone="warn">{text("count.unconfirmed_text")}</Banner>
                    </div>
                )}
                {rack?.lease === "paused" && (
                    <Banner tone="info" icon="pause" title={text("lease.paused")} action={<Button kind="primary" icon="play" onClick={() => client.resume(session_id).catch((fault: unknown) => notify({ tone: "bad", text: faultText(fault) }))}>{text("count.resume")}</Button>} />
                )}
                <LastOutcome work={work} onOutcome={took} />
                <OpenScans work={work} onAsk={async (open) => took(await work.askAgain(open))} />
                {expected > 0 && (
                    <div class="stack-tight">
                        <div class="row-apart small">
                            <span>{text("count.progress", { done, total: expected })}</span>
                        </div>
                        <Progress share={done / expected} label={text("count.progress", { done, total: expected })} />
                    </div>
                )}
                <Segments
                    label={text("count.view")}
                    value={view}
                    options={[
                        { value: "counted", label: text("count.counted", { n: lines.length }) },
                        { value: "uncounted", label: text("count.uncounted", { n: uncounted.length }) },
                    ]}
                    onChange={setView}
                />
                {view === "counted" ? <Counted sessionId={session_id} lines={lines} /> : <Uncounted sessionId={session_id} items={uncounted} />}
            </div>
            <div class="thumb-bar">
                <Button icon="undo" disabled={!work.canUndo.value || isGone} onClick={undo}>
                    {text("count.undo")}
                </Button>
                <Button icon="keyboard" onClick={() => setSheet("hand")} disabled={isGone}>
                    {text("count.by_hand")}
                </Button>
                <Button
                    kind="primary"
                    icon="camera"
                    disabled={isGone}
                    onClick={() => {
                        unlockSound();
                        setSheet("camera");
                    }}
                >
                    {text("count.camera")}
                </Button>
                <Button icon="flag" href={pathTo("/count", session_id, "finish")}>
                    {text("count.finish")}
                </Button>
            </div>
            {sheet === "camera" && <CameraSheet onCode={(code) => void scan(code)} onClose={() => setSheet(null)} last={<LastOutcome work={work} onOutcome={took} />} />}
            {sheet === "hand" && <ByHand work={work} onCode={(code) => { setSheet(null); void scan(code); }} onClose={() => setSheet(null)} />}
            {sheet === "menu" && rack !== undefined && <RackMenu rack={rack} onClose={() => setSheet(null)} />}
            {choice !== null && (
                <Dialog title={text("count.which_item")} onClose={() => setChoice(null)}>
                    <ul class="list">
                        {choice.items.map((item) => (
                            <li key={item.item_code}>
                                <button
                                    type="button"
                                    class="list-row"
                                    onClick={() => {
                                        setChoice(null);
                                        void work.choose(item, choice.scan).then(took);
                                    }}
                                >
                                    <ItemName item={item} />
                                </button>
                            </li>
                        ))}
                    </ul>
                </Dialog>
            )}
            {beside !== null && (
                <BesideDialog
                    item={beside.item}
                    onClose={() => setBeside(null)}
                    onChoice={(choice) => {
                        work.answerBeside(beside.item, choice);
                        setBeside(null);
                        void work.choose(beside.item, beside.scan).then(took);
                    }}
                />
            )}
        </Page>
    );
}
