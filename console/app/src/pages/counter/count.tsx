import { signal } from "@preact/signals";
import { type HeldRack, quantityText, type RackItem, type Scan } from "@stockverify/client";
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
import { TextField } from "../../ui/field.js";
import { Progress } from "../../ui/figures.js";
import { Icon } from "../../ui/icon.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Banner, Chip, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { LoginAgain } from "./login-again.js";
import { CameraSheet } from "./camera-sheet.js";
import { useCountingLock } from "./counting-lock.js";
import { draftOf } from "./drafts.js";
import { LeaseChip } from "./lease.js";
import { isPractice } from "./practice.js";
import { RackMenu } from "./rack-menu.js";
import { heldBy } from "./racks.js";
import type { Line, Outcome, RackWork } from "./rack-work.js";
import { text } from "./texts.js";
import { workOf } from "./work-of.js";

/** The last thing that happened on each rack: it stays in sight until the next. */
const lastOutcome = signal<{ sessionId: string; outcome: Outcome; isSet: boolean } | null>(null);

export function tellOutcome(sessionId: string, outcome: Outcome, isSet = false): void {
    lastOutcome.value = { sessionId, outcome, isSet };
}

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
            case "failed":
                return giveSignal("error");
        }
    };
    const scan = async (code: string): Promise<void> => {
        unlockSound();
        took(await work.scan(code));
    };
    useScans((code) => void scan(code));

    const undo = async (): Promise<void> => {
        const outcome = await work.undo().catch((fault: unknown): Outcome => ({ kind: "failed", fault }));
        if (outcome !== null) tellOutcome(session_id, outcome, true);
    };

    const lines = work.lines.value;
    const uncounted = work.uncounted.value;
    const expected = work.expected.value;
    const done = Math.max(0, expected - uncounted.length);
    const isLost = rack?.lease === "lost";
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
                {isLost && (
                    <Banner tone="bad" title={rack.holder === undefined ? text("lease.lost") : heldBy(rack.holder)}>
                        {text("count.lost_text")}
                    </Banner>
                )}
                {rack?.lease === "unconfirmed" && <Banner tone="warn">{text("count.unconfirmed_text")}</Banner>}
                {rack?.lease === "paused" && (
                    <Banner tone="info" icon="pause" title={text("lease.paused")} action={<Button kind="primary" icon="play" onClick={() => client.resume(session_id).catch((fault: unknown) => notify({ tone: "bad", text: faultText(fault) }))}>{text("count.resume")}</Button>} />
                )}
                <LastOutcome sessionId={session_id} />
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
                <Button icon="undo" disabled={!work.canUndo.value || isLost} onClick={undo}>
                    {text("count.undo")}
                </Button>
                <Button icon="keyboard" onClick={() => setSheet("hand")} disabled={isLost}>
                    {text("count.by_hand")}
                </Button>
                <Button
                    kind="primary"
                    icon="camera"
                    disabled={isLost}
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
            {sheet === "camera" && <CameraSheet onCode={(code) => void scan(code)} onClose={() => setSheet(null)} last={<LastOutcome sessionId={session_id} />} />}
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
                <Dialog title={text("count.beside")} onClose={() => setBeside(null)}>
                    <p>{text("count.beside_text", { name: beside.item.counted_by[0]?.full_name ?? text("count.somebody") })}</p>
                    <div class="dialog-actions">
                        {(["add", "replace"] as const).map((way) => (
                            <Button
                                key={way}
                                kind={way === "add" ? "primary" : "default"}
                                onClick={() => {
                                    work.answerBeside(beside.item, way);
                                    setBeside(null);
                                    void work.choose(beside.item, beside.scan).then(took);
                                }}
                            >
                                {text(`count.beside_${way}`)}
                            </Button>
                        ))}
                    </div>
                </Dialog>
            )}
        </Page>
    );
}

function ItemName({ item }: { item: RackItem }) {
    return (
        <span class="grow">
            <strong>
                <Data>{item.item_name ?? item.item_code}</Data>
            </strong>
            <div class="small soft">
                <Code>{item.item_code}</Code>
            </div>
        </span>
    );
}

/** "+1 → 7" and "set 7" look and read differently; what went wrong says what to do. */
function LastOutcome({ sessionId }: { sessionId: string }) {
    const last = lastOutcome.value;
    if (last === null || last.sessionId !== sessionId)
        return (
            <div class="last last-empty">
                <Icon name="scan" />
                <span>{text("count.ready")}</span>
            </div>
        );
    const { outcome, isSet } = last;
    switch (outcome.kind) {
        case "counted":
            return (
                <a class="last tone-ok" aria-live="polite" href={pathTo("/count", sessionId, "item", outcome.item.item_code)}>
                    <span class="grow">
                        <strong>
                            <Data>{outcome.item.item_name ?? outcome.item.item_code}</Data>
                        </strong>
                        <span class="small">{outcome.added === null || isSet ? text("count.set_to") : text("count.added", { n: quantityLabel(outcome.added) })}</span>
                    </span>
                    <span class="last-total" key={quantityText(outcome.total)}>
                        {quantityLabel(outcome.total)}
                        {outcome.item.uom !== null && <small translate={false}>{outcome.item.uom}</small>}
                    </span>
                </a>
            );
        case "repeated":
            return (
                <div class="last tone-warn" role="status">
                    <span class="grow">
                        <strong>{text("count.repeated")}</strong>
                        <Code>{outcome.serial}</Code>
                    </span>
                </div>
            );
        case "unknown":
            return (
                <div class="last tone-warn" role="alert">
                    <span class="grow">
                        <strong>{text("count.unknown")}</strong>
                        <Code>{outcome.scan.text}</Code>
                    </span>
                    <Button href={`${pathTo("/count", sessionId, "unknown")}?code=${encodeURIComponent(outcome.scan.text)}`}>{text("count.unknown_go")}</Button>
                </div>
            );
        case "failed":
            return (
                <div class="last tone-bad" role="alert">
                    <Icon name="stop" />
                    <span class="grow">{faultText(outcome.fault)}</span>
                </div>
            );
        default:
            return (
                <div class="last tone-info" role="status">
                    <span class="grow">{text("count.asks")}</span>
                </div>
            );
    }
}

/** Whether it is safe there, waits here, or needs a person: a sign, with its word for readers of the screen. */
const states = { unsent: ["clock", "state.unsent"], stored: ["check", "state.stored"], refused: ["stop", "state.refused"], conflict: ["conflict", "state.conflict"], decided: ["check", "state.stored"] } as const;

function Counted({ sessionId, lines }: { sessionId: string; lines: readonly Line[] }) {
    if (lines.length === 0) return <EmptyState icon="scan" title={text("count.nothing")} text={text("count.nothing_text")} />;
    return (
        <ul class="list">
            {lines.map((line) => (
                <CountedLine key={line.record?.record.client_record_id ?? line.item.item_code} sessionId={sessionId} line={line} />
            ))}
        </ul>
    );
}

/** Its line stays the same object until something of it changes, and signals are read: so a scan renders one row of a long list, not all. */
function CountedLine({ sessionId, line: { item, lot, record, total } }: { sessionId: string; line: Line }) {
    const [icon, key] = states[record?.state ?? "stored"];
    return (
        <li class="count-line">
            <a class="list-row" href={`${pathTo("/count", sessionId, "item", item.item_code)}${lot === null ? "" : `?lot=${encodeURIComponent(lot)}`}`}>
                <span class={`line-state line-${record?.state ?? "stored"}`}>
                    <Icon name={icon} />
                    <span class="visually-hidden">{text(key)}</span>
                </span>
                <span class="grow">
                    <Data>{item.item_name ?? item.item_code}</Data>
                    <div class="small soft">
                        <Code>{item.item_code}</Code>
                        {lot !== null && <> · {text("item.lot_is", { lot })}</>}
                    </div>
                    <DraftSign sessionId={sessionId} item={item} lot={lot} />
                </span>
                <span class="line-total number">
                    {total === null ? "–" : quantityLabel(total)} {item.uom !== null && <small class="soft" translate={false}>{item.uom}</small>}
                </span>
            </a>
        </li>
    );
}

function Uncounted({ sessionId, items }: { sessionId: string; items: readonly RackItem[] }) {
    if (items.length === 0) return <EmptyState icon="check" title={text("count.all_counted")} text={text("count.all_counted_text")} />;
    return (
        <ul class="list">
            {items.map((item) => (
                <UncountedLine key={item.item_code} sessionId={sessionId} item={item} />
            ))}
        </ul>
    );
}

function UncountedLine({ sessionId, item }: { sessionId: string; item: RackItem }) {
    return (
        <li class="count-line">
            <a class="list-row" href={pathTo("/count", sessionId, "item", item.item_code)}>
                <ItemName item={item} />
                <DraftSign sessionId={sessionId} item={item} lot={null} />
                <Icon name="next" class="soft" />
            </a>
        </li>
    );
}

/** What was typed and left without saving counts for nothing yet. */
function DraftSign({ sessionId, item, lot }: { sessionId: string; item: RackItem; lot: string | null }) {
    if (draftOf({ session: sessionId, item: item.item_code, lot }) === undefined) return null;
    return <Chip tone="warn">{text("count.draft")}</Chip>;
}

/** A code that no scanner reads, or a name: typed. */
function ByHand({ work, onCode, onClose }: { work: RackWork; onCode: (code: string) => void; onClose: () => void }) {
    const [value, setValue] = useState("");
    const wanted = value.trim().toLowerCase();
    const found = wanted.length < 2 ? [] : [...work.uncounted.value, ...work.lines.value.map((line) => line.item)].filter((item) => item.item_code.toLowerCase().includes(wanted) || item.item_name?.toLowerCase().includes(wanted) === true || item.barcodes.some((code) => code.includes(wanted))).slice(0, 20);
    return (
        <Dialog title={text("count.by_hand_title")} onClose={onClose}>
            <form
                class="stack"
                onSubmit={(event) => {
                    event.preventDefault();
                    if (wanted !== "") onCode(value.trim());
                }}
            >
                <TextField label={text("count.code")} hint={text("count.code_hint")} value={value} onInput={setValue} code autofocus />
                <ul class="list" hidden={found.length === 0}>
                    {found.map((item) => (
                        <li key={item.item_code}>
                            <a class="list-row" href={pathTo("/count", work.rack.session_id, "item", item.item_code)}>
                                <ItemName item={item} />
                                <Icon name="next" />
                            </a>
                        </li>
                    ))}
                </ul>
                <Button kind="primary" size="large" wide type="submit" disabled={wanted === ""}>
                    {text("count.count_code")}
                </Button>
            </form>
        </Dialog>
    );
}
