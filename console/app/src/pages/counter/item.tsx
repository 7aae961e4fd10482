import { addQuantities, type FigureChanges, gtinOf, nothing, type Quantity, quantityFromNumber, quantityText, readQuantity, readScan, type RackItem, type Scan } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { useRef, useState } from "preact/hooks";
import { faultText, refusalText } from "../../faults.js";
import { quantityLabel } from "../../i18n/format.js";
import { base, pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { giveSignal } from "../../scan/feedback.js";
import { passOn, scanned, useScans } from "../../scan/scanner.js";
import { client, config } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { Field, Select, TextArea, TextField } from "../../ui/field.js";
import { Icon } from "../../ui/icon.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Banner, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { BesideDialog } from "./beside-dialog.js";
import { useCountingLock } from "./counting-lock.js";
import { type Draft, draftOf, dropDraft } from "./drafts.js";
import { type EnteredFigure, figureOf, isDamageTooMuch, side } from "./figure-entry.js";
import { Keypad } from "./keypad.js";
import { tellOutcome } from "./last-outcome.js";
import { PhotoField } from "./photo-field.js";
import { isPractice } from "./practice.js";
import { entered, pressed } from "./quantity-entry.js";
import { type Line, type RackWork, unlisted } from "./rack-work.js";
import { text } from "./texts.js";
import { keepEntry } from "./unsaved.js";
import { workOf } from "./work-of.js";

export function ItemPage() {
    const { query } = useLocation();
    const work = workOf(useParameter("session"));
    const code = useParameter("item");
    if (work === null)
        return (
            <Page title={text("item.title")} back={base}>
                <EmptyState icon="rack" title={text("count.gone")} text={text("count.gone_text")} />
            </Page>
        );
    const asked = query["lot"] ?? null;
    const item = lineAt(work, code, asked)?.item ?? work.itemOf(code) ?? unlisted(code);
    return <Item key={`${code} ${asked ?? ""} ${item.item_name === null ? "" : "known"}`} work={work} item={item} lot={asked} />;
}

const lineAt = (work: RackWork, code: string, lot: string | null): Line | undefined => work.lines.value.find((each) => each.item.item_code === code && (lot === null || each.lot === lot));

/** What is saved, as the page's fields have it. Nothing is filled in that nobody counted. */
function saved(line: Line | undefined, lot: string | null): Draft {
    const record = line?.record?.record;
    const shown = (value: number | null | undefined): string => {
        const known = value == null ? undefined : quantityFromNumber(value);
        return known === undefined ? "" : quantityText(known);
    };
    return {
        quantity: line?.total == null ? "" : quantityText(line.total),
        unit: "",
        damage: shown(record?.damage_qty),
        lost: shown(record?.non_returnable_damaged_qty),
        lot: record?.lot ?? lot ?? "",
        mfg: record?.mfg_date ?? "",
        expiry: record?.expiry_date ?? "",
        condition: record?.condition ?? "",
        serials: record?.serial_numbers ?? [],
        damageReason: record?.damage_reason ?? "",
        varianceReason: record?.variance_reason ?? "",
        remark: record?.remark ?? "",
        photos: record?.photo_proofs ?? [],
    };
}

function Item({ work, item, lot }: { work: RackWork; item: RackItem; lot: string | null }) {
    useCountingLock();
    const { route } = useLocation();
    const { session_id } = work.rack;
    const place = { session: session_id, item: item.item_code, lot };
    // Scans may come faster than the page is painted: each goes on from what stands when it comes.
    const entry = (): Draft => draftOf(place) ?? saved(lineAt(work, item.item_code, lot), lot);
    const line = lineAt(work, item.item_code, lot);
    const draft = entry();
    const isTouched = draftOf(place) !== undefined;
    /** What waits for an answer how it stands to others' figures: a serial number's scan, or all that is entered. */
    const [beside, setBeside] = useState<SerialScan | "entry" | null>(null);
    const isFresh = useRef(true);
    const back = pathTo("/count", session_id);
    const hasLeft = useRef(false);
    const turn = useRef<Promise<unknown>>(Promise.resolve());
    const change = (changes: Partial<Draft>): void => keepEntry(place, { ...entry(), ...changes });
    // The first key replaces what is shown, as on a till.
    const press = (typed: string): void => {
        change({ quantity: pressed(isFresh.current && typed !== "erase" ? "" : draft.quantity, typed) });
        isFresh.current = false;
    };
    const pack = item.packs.find((each) => each.uom === draft.unit);
    const read = entered(draft.quantity, pack?.factor);
    const before = line?.total ?? null;
    const isMore = draft.isMore === true && before !== null;
    const figure = "fault" in read ? null : figureOf(draft, read.pieces, before);
    const isTooMuch = figure !== null && isDamageTooMuch(figure, config.value?.damage_bound !== false);
    const refusal = line?.record?.refusal;
    const isTwice = (serial: string): boolean => entry().serials.some((each) => each.toUpperCase() === serial.toUpperCase());
    /** An entry that is open has the serial number, too: saving it takes nothing back. */
    const enterSerial = (serial: string): void => {
        const { serials: before, quantity } = entry();
        if (isTwice(serial)) return;
        const serials = [...before, serial];
        change({ serials, quantity: String(Math.max(serials.length, Number(quantity) || 0)) });
    };
    const addSerial = async (scan: SerialScan): Promise<void> => {
        const told = scan.lot ?? entry().lot.trim();
        // Without its lot no figure can be written: it waits for it among what is entered.
        if (item.lot_tracked && told === "") {
            if (isTwice(scan.serial)) return repeated(scan.serial);
            giveSignal("ok");
            enterSerial(scan.serial);
            return notify({ text: text("item.lot_hint") });
        }
        const outcome = await work.addSerial(item, item.lot_tracked ? told : null, scan);
        if (outcome.kind === "counted_by_others") return setBeside(scan);
        if (outcome.kind === "repeated") {
            // One that was taken out of what is entered comes back.
            if (isTwice(scan.serial) || draftOf(place) === undefined || lineAt(work, item.item_code, lot)?.record?.record.serial_numbers?.includes(scan.serial) !== true) return repeated(scan.serial);
            giveSignal("ok");
            return enterSerial(scan.serial);
        }
        tellOutcome(session_id, outcome);
        if (outcome.kind === "failed") {
            giveSignal("error");
            return notify({ tone: "bad", text: faultText(outcome.fault) });
        }
        giveSignal("ok");
        if (draftOf(place) !== undefined) enterSerial(scan.serial);
    };
    const typeSerial = (typed: string): void => {
        const serial = typed.trim();
        if (serial !== "") inTurn(() => addSerial({ ...readScan(serial, new Date().getFullYear()), serial }));
    };
    /** One after the other, in the order they came. */
    const inTurn = (work: () => Promise<void>): void => {
        turn.current = turn.current.then(work).catch((fault: unknown) => notify({ tone: "bad", text: faultText(fault) }));
    };
    /** What was as many as there were serial numbers stays as many. */
    const removeSerial = (serial: string): void => {
        const serials = draft.serials.filter((each) => each !== serial);
        change({ serials, ...(Number(draft.quantity) === draft.serials.length ? { quantity: serials.length === 0 ? "" : String(serials.length) } : {}) });
    };
    // Serial numbers and lots come to the fields here; any other code is counted, and what is entered is kept as a draft.
    const hear = async (code: string): Promise<void> => {
        if (hasLeft.current) return scanned(code);
        const { scan, items } = await work.lookUp(code);
        const isThis = items.some((each) => each.item_code === item.item_code);
        if (isThis || items.length === 0) {
            const serial = isThis ? scan.serial : (scan.serial ?? scan.text);
            if (item.serial_tracked && serial !== undefined) return addSerial({ ...scan, serial });
            if (item.serial_tracked) {
                giveSignal("unknown");
                return notify({ text: text("item.serials_hint") });
            }
            if (item.lot_tracked && isThis && scan.lot === undefined) {
                giveSignal("unknown");
                return notify({ text: text("item.lot_hint") });
            }
            const lot = isThis ? scan.lot : (scan.lot ?? (isArticle(scan.text) ? undefined : scan.text));
            if (item.lot_tracked && entry().lot === "" && lot !== undefined) {
                giveSignal("ok");
                return change({ lot, ...(scan.mfg_date === undefined ? {} : { mfg: scan.mfg_date }), ...(scan.expiry_date === undefined ? {} : { expiry: scan.expiry_date }) });
            }
        }
        hasLeft.current = true;
        if (draftOf(place) !== undefined) notify({ text: text("item.kept_draft") });
        passOn(code);
        route(back);
    };
    useScans((code) => inTurn(() => hear(code)));
    const save = async (): Promise<void> => {
        if ("fault" in read) return;
        if (figure === null) return notify({ tone: "bad", text: text("item.fault.other") });
        if (isTooMuch) return notify({ tone: "bad", text: text("item.fault.damage") });
        if (work.asksBeside(item)) return setBeside("entry");
        const book = client.bookQuantity(work.rack.rack_id, item.item_code);
        let confirmed = false;
        if (work.rack.strict && !isPractice(session_id) && book !== null && quantityFromNumber(book) !== figure.sound) {
            confirmed = await ask({ title: text("item.look_again"), text: text("item.look_again_text", { n: inUnit(figure.sound, item) }), confirm: text("item.it_is", { n: inUnit(figure.sound, item) }) });
            if (!confirmed) return;
        }
        const outcome = await work.set(item, item.lot_tracked ? draft.lot.trim() : null, { ...changesOf(draft, item, figure), ...(confirmed ? { variance_confirmed: true } : {}) });
        if (outcome.kind === "failed") {
            giveSignal("error");
            return notify({ tone: "bad", text: faultText(outcome.fault) });
        }
        dropDraft(place);
        giveSignal("ok");
        tellOutcome(session_id, outcome, true);
        route(back);
    };
    const discard = async (): Promise<void> => {
        const id = line?.record?.record.client_record_id;
        if (id === undefined || !(await ask({ title: text("item.remove"), text: text("item.remove_text"), confirm: text("item.remove_yes"), danger: true }))) return;
        await work.remove(id);
        dropDraft(place);
        route(back);
    };
    const reasons = config.value?.reason_codes;
    /** Who scanned every piece says afterwards which of them is damaged: it is no sound one any more. */
    const oneDamaged = (): void => {
        if ("fault" in read) return;
        isFresh.current = false;
        change({ unit: "", quantity: quantityText((read.pieces - one) as Quantity), damage: stepped(draft.damage, 1) });
    };
    return (
        <Page title={item.item_name ?? item.item_code} heading={<Data>{item.item_name ?? item.item_code}</Data>} back={back}>
            <form
                class="stack"
                onSubmit={(event) => {
                    event.preventDefault();
                    void save();
                }}
            >
                <div class="small soft">
                    <Code>{item.item_code}</Code>
                    {item.category !== null && (
                        <>
                            {" · "}
                            <Data>{item.category}</Data>
                        </>
                    )}
                </div>
                {refusal !== undefined && (
                    <Banner tone="bad" title={text("item.refused")}>
                        {refusalText(refusal)}
                    </Banner>
                )}
                {/* What a scan of such an item still lacks stands first: it led here. */}
                {item.lot_tracked && <TextField label={text("item.lot")} value={draft.lot} onInput={(value) => change({ lot: value })} hint={text("item.lot_hint")} code />}
                {item.serial_tracked && <Serials serials={draft.serials} onAdd={typeSerial} onRemove={removeSerial} />}
                <div class="quantity">
                    <label class="label" for="quantity">
                        {text("item.quantity")}
                    </label>
                    <div class="quantity-row">
                        <input id="quantity" class="quantity-input number" inputMode="none" autocomplete="off" dir="ltr" value={draft.quantity} aria-invalid={isTouched && "fault" in read} aria-describedby="quantity-says" onInput={(event) => { isFresh.current = false; change({ quantity: event.currentTarget.value }); }} />
                        <span class="quantity-unit" translate={false}>{pack?.uom ?? item.uom ?? ""}</span>
                    </div>
                    <div id="quantity-says" class="stack-tight small" role="status">
                        {"fault" in read ? (
                            <span class={isTouched && read.fault !== "empty" ? "field-fault" : "soft"}>{text(`item.fault.${read.fault}`)}</span>
                        ) : (
                            <>
                                {pack !== undefined && <span>{text("item.packs", { count: quantityLabel(read.entered), factor: quantityLabel(quantityFromNumber(pack.factor) ?? nothing), total: quantityLabel(read.pieces), unit: item.uom ?? "" })}</span>}
                                {isMore && figure !== null && <span>{text("item.adds", { before: quantityLabel(before), added: quantityLabel(read.pieces), total: quantityLabel(figure.sound), unit: item.uom ?? "" })}</span>}
                                {!isMore && <span class="soft">{before === null ? text("item.sets") : text("item.replaces", { n: inUnit(before, item) })}</span>}
                                {figure?.damaged != null && figure.damaged > 0 && <span>{text("item.whole", { sound: quantityLabel(figure.sound), damaged: quantityLabel(figure.damaged), total: quantityLabel(addQuantities(figure.sound, figure.damaged) ?? nothing), unit: item.uom ?? "" })}</span>}
                            </>
                        )}
                    </div>
                    {before !== null && before > 0 && !item.serial_tracked && (
                        <Segments
                            label={text("item.how")}
                            value={isMore ? "more" : "all"}
                            options={[
                                { value: "all", label: text("item.set") },
                                { value: "more", label: text("item.add") },
                            ]}
                            onChange={(how) => {
                                isFresh.current = true;
                                change(how === "more" ? { isMore: true, quantity: "" } : { isMore: false, quantity: quantityText(before), unit: "" });
                            }}
                        />
                    )}
                    {item.packs.length > 0 && (
                        <div class="segments" role="group" aria-label={text("item.unit")}>
                            {[{ uom: "", factor: 1 }, ...item.packs].map((each) => (
                                <button key={each.uom} type="button" class="segment" aria-pressed={draft.unit === each.uom} onClick={() => change({ unit: each.uom })}>
                                    <span translate={false}>{each.uom === "" ? (item.uom ?? "1") : `${each.uom} × ${each.factor}`}</span>
                                </button>
                            ))}
                        </div>
                    )}
                    <Keypad onKey={press} />
                    <div class="row quick">
                        <Button kind="soft" onClick={() => { isFresh.current = false; change({ quantity: "0" }); }}>{text("item.none_there")}</Button>
                        <Button kind="soft" icon="plus" label={text("item.one_more")} onClick={() => change({ quantity: stepped(draft.quantity, 1) })} />
                        <Button kind="soft" icon="minus" label={text("item.one_less")} onClick={() => change({ quantity: stepped(draft.quantity, -1) })} />
                    </div>
                </div>
                <details class="card" open={draft.damage !== "" || draft.lost !== "" || refusal !== undefined}>
                    <summary>{text("item.damage_title")}</summary>
                    <div class="stack inside">
                        <TextField label={text("item.damage")} hint={ofUnit(text("item.damage_hint"), item)} inputMode="decimal" value={draft.damage} onInput={(value) => change({ damage: value })} fault={wrong(draft.damage) ?? (isTooMuch ? text("item.fault.damage") : undefined)} code />
                        <Button icon="minus" disabled={"fault" in read || read.pieces < one || side(draft.damage) === undefined} onClick={oneDamaged}>{text("item.one_damaged")}</Button>
                        <TextField label={text("item.lost")} hint={ofUnit(text("item.lost_hint"), item)} inputMode="decimal" value={draft.lost} onInput={(value) => change({ lost: value })} fault={wrong(draft.lost)} code />
                        {reasons !== undefined && (draft.damage !== "" || draft.lost !== "") && <Select label={text("item.damage_reason")} value={draft.damageReason} options={reasonOptions(reasons.damage)} onChange={(value) => change({ damageReason: value })} />}
                    </div>
                </details>
                <details class="card" open={draft.expiry !== "" || draft.remark !== "" || draft.photos.length > 0}>
                    <summary>{text("item.more_title")}</summary>
                    <div class="stack inside">
                        <Select label={text("item.condition")} value={draft.condition} options={(["", "good", "damaged", "expired"] as const).map((value) => ({ value, label: text(`item.condition.${value === "" ? "none" : value}`) }))} onChange={(value) => change({ condition: value })} />
                        <div class="two">
                            <TextField label={text("item.mfg")} type="date" value={draft.mfg} onInput={(value) => change({ mfg: value })} />
                            <TextField label={text("item.expiry")} type="date" value={draft.expiry} onInput={(value) => change({ expiry: value })} />
                        </div>
                        {reasons !== undefined && <Select label={text("item.variance_reason")} value={draft.varianceReason} options={reasonOptions(reasons.variance)} onChange={(value) => change({ varianceReason: value })} />}
                        <TextArea label={text("item.remark")} value={draft.remark} onInput={(value) => change({ remark: value })} maxLength={500} />
                        {!isPractice(session_id) && <PhotoField photos={draft.photos} onChange={(photos) => change({ photos })} />}
                    </div>
                </details>
                {line?.record != null && (
                    <Button kind="plain" icon="trash" onClick={discard}>
                        {text("item.remove")}
                    </Button>
                )}
                <div class="thumb-bar thumb-bar-one">
                    <Button kind="primary" size="large" wide type="submit" disabled={"fault" in read}>
                        {figure === null ? text("item.save") : text("item.save_as", { n: quantityLabel(figure.sound), unit: item.uom ?? "" })}
                    </Button>
                </div>
            </form>
            {beside !== null && (
                <BesideDialog
                    item={item}
                    onClose={() => setBeside(null)}
                    onChoice={(choice) => {
                        work.answerBeside(item, choice);
                        setBeside(null);
                        if (beside === "entry") void save();
                        else inTurn(() => addSerial(beside));
                    }}
                />
            )}
        </Page>
    );
}

const one = 1_000_000;

type SerialScan = Scan & { serial: string };

function repeated(serial: string): void {
    giveSignal("repeat");
    notify({ text: text("item.serial_twice", { serial }) });
}

/** "12 pcs": a number never stands without its unit. */
const inUnit = (quantity: Quantity, item: RackItem): string => (item.uom === null ? quantityLabel(quantity) : `${quantityLabel(quantity)} ${item.uom}`);

/** Packs may be chosen for the quantity; what stands beside it is in the item's own unit. */
const ofUnit = (hint: string, item: RackItem): string => (item.uom === null ? hint : `${hint} ${text("item.in_unit", { unit: item.uom })}`);

/** An article's number is no lot. */
const isArticle = (code: string): boolean => /^[0-9]{12,14}$/.test(code) && gtinOf(code) !== undefined;

/** One more or one less of whatever can be read; never below nothing. */
function stepped(entry: string, by: number): string {
    const read = readQuantity(entry === "" ? "0" : entry);
    if ("fault" in read) return entry;
    return quantityText(Math.max(0, read.quantity + by * one) as Quantity);
}

function wrong(entry: string): string | undefined {
    const read = readQuantity(entry);
    return "fault" in read && read.fault !== "empty" ? text(`item.fault.${read.fault}`) : undefined;
}

const reasonNames = {
    broken: "reason.broken",
    wet: "reason.wet",
    torn_packaging: "reason.torn_packaging",
    expired: "reason.expired",
    infested: "reason.infested",
    miscount: "reason.miscount",
    misplaced: "reason.misplaced",
    unbooked_receipt: "reason.unbooked_receipt",
    unbooked_issue: "reason.unbooked_issue",
    theft: "reason.theft",
    unit_error: "reason.unit_error",
    other: "reason.other",
} as const;

const reasonOptions = (codes: readonly string[]): { value: string; label: string }[] => [
    { value: "", label: text("reason.none") },
    ...codes.map((code) => ({ value: code, label: code in reasonNames ? text(reasonNames[code as keyof typeof reasonNames]) : text("reason.code", { code: code.replaceAll("_", " ") }) })),
];

function changesOf(draft: Draft, item: RackItem, { sound, damaged, lost }: EnteredFigure): FigureChanges & { verified_qty: Quantity } {
    const told = (value: string): string | null => (value.trim() === "" ? null : value.trim());
    return {
        verified_qty: sound,
        partial: false,
        damage_qty: damaged,
        non_returnable_damaged_qty: lost,
        condition: told(draft.condition) as "good" | "damaged" | "expired" | null,
        mfg_date: told(draft.mfg),
        expiry_date: told(draft.expiry),
        damage_reason: told(draft.damageReason),
        variance_reason: told(draft.varianceReason),
        remark: told(draft.remark),
        ...(item.serial_tracked ? { serial_numbers: draft.serials } : {}),
        ...(draft.photos.length > 0 ? { photo_proofs: draft.photos } : {}),
    };
}

function Serials({ serials, onAdd, onRemove }: { serials: readonly string[]; onAdd: (serial: string) => void; onRemove: (serial: string) => void }) {
    const [value, setValue] = useState("");
    const add = (): void => {
        onAdd(value);
        setValue("");
    };
    return (
        <div class="stack-tight">
            <Field label={text("item.serials", { n: serials.length })} hint={text("item.serials_hint")}>
                {(ids) => (
                    <div class="row">
                        <input {...ids} class="input code grow" dir="ltr" autocapitalize="off" autocomplete="off" value={value} onInput={(event) => setValue(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === "Enter") { event.preventDefault(); add(); } }} />
                        <Button icon="plus" label={text("item.serial_add")} onClick={add} />
                    </div>
                )}
            </Field>
            <ul class="row">
                {serials.map((serial) => (
                    <li key={serial}>
                        <button type="button" class="chip serial" aria-label={text("item.serial_remove", { serial })} onClick={() => onRemove(serial)}>
                            <Code>{serial}</Code>
                            <Icon name="close" />
                        </button>
                    </li>
                ))}
            </ul>
        </div>
    );
}
