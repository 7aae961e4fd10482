import { type ReadonlySignal, computed, signal } from "@preact/signals";
import { addQuantities, type Client, type DeviceRecord, type FigureChanges, type HeldRack, inUnits, type LookUp, type NewLine, nothing, type Quantity, quantityFromNumber, type RackItem, type Scan } from "@stockverify/client";

/** What counting needs of the client: practice brings a rack of its own that answers the same. */
export type CountingPort = Pick<Client, "records" | "items" | "lookUp" | "pullRack" | "count" | "edit" | "void" | "bookQuantity" | "reportUnknown" | "addPhoto">;

/** One item of the rack with what was counted of it in this session. */
export interface Line {
    item: RackItem;
    lot: string | null;
    record: DeviceRecord | null;
    total: Quantity | null;
}

/** What came of a scan or an entry, for eyes and ears. */
export type Outcome =
    | { kind: "counted"; item: RackItem; added: Quantity | null; total: Quantity; recordId: string }
    | { kind: "repeated"; item: RackItem; serial: string }
    | { kind: "unknown"; scan: Scan }
    | { kind: "choose"; scan: Scan; items: readonly RackItem[] }
    | { kind: "serial_needed" | "lot_needed"; item: RackItem; scan: Scan }
    | { kind: "counted_by_others"; item: RackItem; scan: Scan }
    /** The last step is undone; `total`: what stands again, `null`: the item is uncounted again, which is not nothing. */
    | { kind: "taken_back"; item: RackItem; total: Quantity | null }
    /** The rack is not this person's any more: nothing was counted. */
    | { kind: "over" }
    | { kind: "failed"; fault: unknown };

/** How a figure stands to others' of the same item and round. */
export type BesideOthers = "add" | "replace";

export interface Step {
    recordId: string;
    /** What the record had before; `null`: there was none. */
    before: FigureChanges | null;
    /** The record's revision that the step made: a record that has another by now is not taken back by it. */
    revision: number | null;
}

export interface Pack {
    uom: string;
    factor: number;
}

/** An item that no list of this device has, and the code by which it was found. */
export interface Met {
    item: RackItem;
    code: string | null;
    pack: Pack | null;
}

/** A code that was scanned and needs an answer before it counts: nobody may forget it by scanning on. */
export interface OpenScan {
    code: string;
    /** As the scanner sent it: with it the same is read again. */
    scanned: string;
    /** How often it was scanned meanwhile. */
    times: number;
}

/** What of the work outlives the page: the last step, to be taken back after a reload, items met beside the rack's list, and scans without an answer. */
export interface Memory {
    step(): Step | undefined;
    /** `null`: there is nothing to take back. */
    keepStep(step: Step | null): void;
    met(): readonly Met[];
    keepMet(met: readonly Met[]): void;
    open(): readonly OpenScan[];
    keepOpen(open: readonly OpenScan[]): void;
}

const forgetful: Memory = { step: () => undefined, keepStep: () => undefined, met: () => [], keepMet: () => undefined, open: () => [], keepOpen: () => undefined };

const one = quantityFromNumber(1) as Quantity;
const of = (value: number | null | undefined): Quantity => quantityFromNumber(value ?? 0) ?? nothing;

/** How many pieces a scan of the item stands for: several items may have its code, each in a pack of its own. */
function packSizeOf(item: RackItem, scan: Scan): number {
    const codes = [scan.text, scan.gtin].filter((code) => code !== undefined).map(withoutZeros);
    return item.packs.find((pack) => pack.barcodes.some((code) => codes.includes(withoutZeros(code))))?.factor ?? 1;
}

/** The same article's number has 12, 13 or 14 digits. */
const withoutZeros = (code: string): string => code.replace(/^0+/, "");

const isLive = ({ record, state }: DeviceRecord): boolean => record.status !== "void" && state !== "decided";

const revisionOf = ({ record }: DeviceRecord): number | null => record.revision ?? null;

/** Counting one rack: what is expected, what was counted, the next scan, and the way back. */
export class RackWork {
    readonly #items = signal<readonly RackItem[]>([]);
    readonly #met = signal<readonly Met[]>([]);
    readonly #open = signal<readonly OpenScan[]>([]);
    readonly #itemsByCode = computed(() => new Map([...this.#met.value.map(({ item }) => item), ...this.#items.value].map((item) => [item.item_code, item])));
    readonly #records = signal<readonly DeviceRecord[]>([]);
    readonly #shown = new WeakMap<DeviceRecord, Line>();
    readonly #steps = signal<readonly Step[]>([]);
    readonly #beside = new Map<string, BesideOthers>();
    #chain: Promise<unknown> = Promise.resolve();
    #refreshing: Promise<void> | undefined;

    /** What is expected here is known, or can't be known now: until then nothing uncounted means nothing. */
    readonly isKnown = signal(false);
    readonly lines: ReadonlySignal<readonly Line[]> = computed(() => this.#counted());
    readonly uncounted: ReadonlySignal<readonly RackItem[]> = computed(() => {
        const counted = new Set(this.lines.value.map(({ item }) => item.item_code));
        return this.#items.value.filter((item) => item.expected && !counted.has(item.item_code) && item.counted_by.length === 0);
    });
    readonly expected: ReadonlySignal<number> = computed(() => this.#items.value.filter((item) => item.expected).length);
    readonly canUndo: ReadonlySignal<boolean> = computed(() => this.#steps.value.length > 0);
    /** Scanned, and not counted before a person says what it is: the oldest first. */
    readonly open: ReadonlySignal<readonly OpenScan[]> = this.#open;

    constructor(
        private readonly port: CountingPort,
        readonly rack: Pick<HeldRack, "rack_id" | "session_id" | "strict" | "blind">,
        private readonly memory: Memory = forgetful,
    ) {
        this.#met.value = memory.met();
        this.#open.value = memory.open();
    }

    /** What is on the device; then, if there is a network, what is new. */
    async load(): Promise<void> {
        try {
            await this.#read();
            this.isKnown.value ||= this.#items.value.length > 0;
            await this.port.pullRack(this.rack.rack_id);
            await this.#read();
        } finally {
            this.isKnown.value = true;
        }
    }

    #read(): Promise<void> {
        return this.#inTurn(async () => {
            const [items, records] = await Promise.all([this.port.items(this.rack.rack_id), this.port.records(this.rack.session_id)]);
            this.#items.value = items;
            this.#known(records);
            const last = this.#steps.value.length === 0 ? this.memory.step() : undefined;
            if (last !== undefined && this.#fits(last)) this.#steps.value = [last];
        });
    }

    /** Records as they are on the device: verdicts came, or another tab counted. */
    refresh(): Promise<void> {
        // One that did not begin yet will find whatever there is.
        this.#refreshing ??= this.#inTurn(async () => {
            this.#refreshing = undefined;
            this.#known(await this.port.records(this.rack.session_id));
        });
        return this.#refreshing;
    }

    /** What was read. Records that are as they were stay the same objects: nothing that shows them is rendered anew. */
    #known(read: readonly DeviceRecord[]): void {
        const before = new Map(this.#records.value.map((record) => [record.record.client_record_id, record]));
        this.#records.value = read.map((record) => {
            const same = before.get(record.record.client_record_id);
            return same !== undefined && stampOf(same) === stampOf(record) ? same : record;
        });
    }

    itemOf(code: string): RackItem | undefined {
        return this.#itemsByCode.value.get(code);
    }

    lineOf(code: string, lot: string | null): Line | undefined {
        return this.lines.value.find((line) => line.item.item_code === code && line.lot === lot);
    }

    #counted(): Line[] {
        const live = this.#records.value.filter(isLive);
        const order = [...live].sort((a, b) => b.record.updated_at.localeCompare(a.record.updated_at) || b.order - a.order);
        const items = this.#itemsByCode.value;
        return order.map((record) => this.#lineOf(record, items.get(record.record.item_code ?? "")));
    }

    /** One line for as long as its record and item are the same. */
    #lineOf(record: DeviceRecord, item: RackItem | undefined): Line {
        const known = this.#shown.get(record);
        if (known !== undefined && (known.item === item || (item === undefined && known.item.rack_id === ""))) return known;
        const { item_code, unknown_item_id, lot = null, verified_qty } = record.record;
        const line: Line = { item: item ?? unlisted(item_code ?? unknown_item_id ?? ""), lot, record, total: of(verified_qty) };
        this.#shown.set(record, line);
        return line;
    }

    /**
     * Readings, scans and entries one after the other, in the order they came: none is lost, none meets a half-written
     * figure, and what was read before a figure was written is never shown after it.
     */
    #inTurn<T>(work: () => Promise<T>): Promise<T> {
        const turn = this.#chain.then(work);
        this.#chain = turn.catch(() => undefined);
        return turn;
    }

    #counting(work: () => Promise<Outcome>): Promise<Outcome> {
        return this.#inTurn(work).catch((fault: unknown): Outcome => ({ kind: "failed", fault }));
    }

    scan(code: string): Promise<Outcome> {
        return this.#counting(async () => {
            const outcome = await this.#scanned(code, 1);
            if (isOpen(outcome)) this.#leaveOpen(outcome.scan.text, code);
            return outcome;
        });
    }

    async #scanned(code: string, times: number): Promise<Outcome> {
        const { scan, items, pack } = await this.port.lookUp(code, this.rack.rack_id);
        const [item] = items;
        if (item === undefined) return this.#scannedMet(scan, times);
        if (items.length > 1) return { kind: "choose", scan, items };
        return this.#add(item, scan, pack?.factor ?? 1, times);
    }

    /** What no list knows: met here before, or counted under its own code already, which goes on. */
    async #scannedMet(scan: Scan, times: number): Promise<Outcome> {
        const met = this.#met.value.find(({ code }) => code === scan.text);
        if (met !== undefined) return this.#add(met.item, scan, met.pack?.factor ?? 1, times);
        const line = this.lineOf(scan.text, null);
        return line === undefined ? { kind: "unknown", scan } : this.#add(line.item, scan, 1, times);
    }

    // ---- Scans without an answer

    /** Asks again about a scan that was left open, as often as it was scanned. */
    askAgain(open: OpenScan): Promise<Outcome> {
        return this.#answering(open.code, (times) => this.#scanned(open.scanned, times));
    }

    /** A person says that it is not to be counted. */
    dropOpen(code: string): void {
        this.#keepOpen(this.#open.value.filter((each) => each.code !== code));
    }

    #leaveOpen(code: string, scanned: string): void {
        const before = this.#open.value.find((each) => each.code === code);
        const now = { code, scanned, times: (before?.times ?? 0) + 1 };
        this.#keepOpen(before === undefined ? [...this.#open.value, now] : this.#open.value.map((each) => (each === before ? now : each)));
    }

    #keepOpen(open: readonly OpenScan[]): void {
        if (open.length === this.#open.value.length && open.every((each, index) => each === this.#open.value[index])) return;
        this.#open.value = open;
        this.memory.keepOpen(open);
    }

    /** Counts what was scanned so many times; what came to an end is open no longer. */
    #answering(code: string, count: (times: number) => Promise<Outcome>): Promise<Outcome> {
        return this.#counting(async () => {
            const outcome = await count(this.#open.value.find((each) => each.code === code)?.times ?? 1);
            if (!isOpen(outcome)) this.dropOpen(code);
            return outcome;
        });
    }

    /** An item that lies here though no list has it; `code`: what is scanned for it from now on. */
    meet(met: Met): void {
        this.#met.value = [...this.#met.value.filter(({ item, code }) => item.item_code !== met.item.item_code || code !== met.code), met];
        this.memory.keepMet(this.#met.value);
    }

    /** What a code means here, without counting it. */
    async lookUp(code: string): Promise<LookUp> {
        const found = await this.port.lookUp(code, this.rack.rack_id);
        const met = found.items.length > 0 ? undefined : this.#met.value.find((each) => each.code === found.scan.text);
        return met === undefined ? found : { ...found, items: [met.item], pack: met.pack };
    }

    /** The item of a scan that a person was asked about, as often as it was scanned. A pack's code still counts all that is in the pack. */
    choose(item: RackItem, scan: Scan): Promise<Outcome> {
        return this.#answering(scan.text, (times) => this.#add(item, scan, packSizeOf(item, scan), times));
    }

    answerBeside(item: RackItem, choice: BesideOthers): void {
        this.#beside.set(item.item_code, choice);
    }

    async #add(item: RackItem, scan: Scan, packSize: number, times: number): Promise<Outcome> {
        if (item.serial_tracked && scan.serial === undefined) return { kind: "serial_needed", item, scan };
        if (item.lot_tracked && scan.lot === undefined) return { kind: "lot_needed", item, scan };
        if (this.asksBeside(item)) return { kind: "counted_by_others", item, scan };
        if (scan.serial !== undefined && item.serial_tracked && this.hasSerial(scan.serial)) return { kind: "repeated", item, serial: scan.serial };
        const lot = item.lot_tracked ? (scan.lot ?? null) : null;
        const before = this.lineOf(item.item_code, lot)?.record?.record;
        const added = item.serial_tracked ? one : (inUnits(inUnits(scan.quantity ?? one, of(packSize)) ?? one, of(times)) ?? one);
        return this.#writeScan(item, lot, scan, added, addQuantities(of(before?.verified_qty), added) ?? added);
    }

    /** What a scan makes of its item's figure. */
    #writeScan(item: RackItem, lot: string | null, scan: Scan, added: Quantity, total: Quantity): Promise<Outcome> {
        const serials = this.lineOf(item.item_code, lot)?.record?.record.serial_numbers ?? [];
        const changes: FigureChanges & { verified_qty: Quantity } = {
            verified_qty: total,
            ...(item.serial_tracked && scan.serial !== undefined ? { serial_numbers: [...serials, scan.serial] } : {}),
            ...(scan.expiry_date === undefined ? {} : { expiry_date: scan.expiry_date }),
            ...(scan.mfg_date === undefined ? {} : { mfg_date: scan.mfg_date }),
            // Pieces that are still coming together fall short of a strict count's book without being wrong.
            ...(this.rack.strict ? { partial: true } : {}),
        };
        const line: NewLine = { barcode: scan.text, item_code: item.item_code, quantity: added, ...(scan.serial === undefined ? {} : { serial_number: scan.serial }) };
        return this.#write(item, lot, changes, [line], added);
    }

    /** A serial number that came on its item's page: one piece, unless the figure that stands has it already. */
    addSerial(item: RackItem, lot: string | null, scan: Scan & { serial: string }): Promise<Outcome> {
        return this.#counting(async () => {
            if (this.asksBeside(item)) return { kind: "counted_by_others", item, scan };
            if (this.hasSerial(scan.serial)) return { kind: "repeated", item, serial: scan.serial };
            const before = this.lineOf(item.item_code, lot)?.record?.record;
            const told = of((before?.serial_numbers ?? []).length + 1);
            const known = of(before?.verified_qty);
            return this.#writeScan(item, lot, scan, one, told > known ? told : known);
        });
    }

    /** Whether the round has a figure of somebody else's and nobody said yet what this one is beside it. */
    asksBeside(item: RackItem): boolean {
        const mine = this.#records.value.some((record) => isLive(record) && record.record.item_code === item.item_code);
        return !mine && !this.#beside.has(item.item_code) && item.counted_by.some((other) => other.session_id !== this.rack.session_id && !other.declared_empty);
    }

    hasSerial(serial: string): boolean {
        const wanted = serial.toUpperCase();
        return this.#records.value.some((record) => isLive(record) && (record.record.serial_numbers ?? []).some((each) => each.toUpperCase() === wanted));
    }

    /** The figure of an item as a person entered it: it takes the place of what was. */
    set(item: RackItem, lot: string | null, changes: FigureChanges & { verified_qty: Quantity }): Promise<Outcome> {
        return this.#counting(async () => {
            const outcome = await this.#write(item, lot, changes, [{ item_code: item.item_code, quantity: changes.verified_qty }], null);
            const own = new Set([item.item_code, ...item.barcodes, ...item.packs.flatMap(({ barcodes }) => barcodes)].map(withoutZeros));
            this.#keepOpen(this.#open.value.filter(({ code }) => !own.has(withoutZeros(code))));
            return outcome;
        });
    }

    async #write(item: RackItem, lot: string | null, changes: FigureChanges & { verified_qty: Quantity }, lines: readonly NewLine[], added: Quantity | null): Promise<Outcome> {
        const { session_id } = this.rack;
        const before = this.lineOf(item.item_code, lot)?.record ?? null;
        const known = { ...changes, ...(lot === null ? {} : { lot }), ...this.#besideOthers(item) };
        const written = before === null ? await this.port.count({ session_id, item_code: item.item_code, ...known }, lines) : await this.port.edit(session_id, before.record.client_record_id, known, lines);
        this.#keep(written);
        this.#stepped([...this.#steps.value.slice(-49), { recordId: written.record.client_record_id, before: before === null ? null : figureOf(before), revision: revisionOf(written) }]);
        return { kind: "counted", item, added, total: changes.verified_qty, recordId: written.record.client_record_id };
    }

    #besideOthers(item: RackItem): FigureChanges {
        const choice = this.#beside.get(item.item_code);
        if (choice === undefined) return {};
        return choice === "add" ? { partial: true } : { replaces: item.counted_by.filter((other) => other.session_id !== this.rack.session_id).map((other) => other.client_record_id) };
    }

    #keep(written: DeviceRecord): void {
        const others = this.#records.value.filter((record) => record.record.client_record_id !== written.record.client_record_id);
        this.#records.value = [...others, written];
    }

    #stepped(steps: readonly Step[]): void {
        this.#steps.value = steps;
        this.memory.keepStep(steps.at(-1) ?? null);
    }

    /** Whether the record still is as the step left it: another tab or device may have gone on. */
    #fits({ recordId, revision }: Step): boolean {
        return this.#records.value.some((record) => record.record.client_record_id === recordId && revisionOf(record) === revision && isLive(record));
    }

    /** Takes the last scan or entry back. */
    undo(): Promise<Outcome | null> {
        return this.#inTurn(async () => {
            const rest = [...this.#steps.value];
            let step = rest.pop();
            while (step !== undefined && !this.#fits(step)) step = rest.pop();
            if (step === undefined) {
                this.#stepped([]);
                return null;
            }
            const { session_id } = this.rack;
            const line = this.lines.value.find((each) => each.record?.record.client_record_id === step.recordId);
            const written = step.before === null ? await this.port.void(session_id, step.recordId) : await this.port.edit(session_id, step.recordId, step.before);
            this.#keep(written);
            const earlier = rest.findLastIndex(({ recordId }) => recordId === step.recordId);
            this.#stepped(rest.map((each, index) => (index === earlier ? { ...each, revision: revisionOf(written) } : each)));
            const item = line?.item ?? unlisted(written.record.item_code ?? "");
            return { kind: "taken_back", item, total: step.before === null ? null : (step.before.verified_qty ?? nothing) } satisfies Outcome;
        });
    }

    remove(recordId: string): Promise<void> {
        return this.#inTurn(async () => {
            this.#keep(await this.port.void(this.rack.session_id, recordId));
            this.#stepped(this.#steps.value.filter((step) => step.recordId !== recordId));
        });
    }
}

/** Whether a person is asked before the scan counts, and may scan on instead of answering. */
const isOpen = (outcome: Outcome): outcome is Extract<Outcome, { kind: "unknown" | "choose" | "counted_by_others" }> =>
    outcome.kind === "unknown" || outcome.kind === "choose" || outcome.kind === "counted_by_others";

/** Two of one record with the same are the same. */
function stampOf({ record, state, queue_key, conflict_id, refusal, unknown }: DeviceRecord): string {
    return [record.revision, record.updated_at, record.status, record.verified_qty, state, queue_key, conflict_id, unknown, refusal?.code, refusal?.message].join("\n");
}

/** What an edit needs to bring a record back to what it was. */
function figureOf({ record }: DeviceRecord): FigureChanges {
    const { condition = null, mfg_date = null, expiry_date = null, damage_reason = null, variance_reason = null, remark = null } = record;
    return {
        verified_qty: of(record.verified_qty),
        damage_qty: record.damage_qty == null ? null : of(record.damage_qty),
        non_returnable_damaged_qty: record.non_returnable_damaged_qty == null ? null : of(record.non_returnable_damaged_qty),
        serial_numbers: record.serial_numbers ?? [],
        condition,
        mfg_date,
        expiry_date,
        damage_reason,
        variance_reason,
        remark,
        photo_proofs: record.photo_proofs ?? [],
    };
}

/** An item that this device has no list of: it counts under its code. */
export function unlisted(code: string): RackItem {
    return { v: 1, rack_id: "", item_code: code, item_name: null, barcodes: [], category: null, subcategory: null, uom: null, packs: [], mrp: null, serial_tracked: false, lot_tracked: false, expected: false, counted_by: [] };
}
