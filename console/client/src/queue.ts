import type { BatchVerdict, Record } from "./api.js";
import { NotPossible } from "./errors.js";
import { beginning, moved, outboxKey, setAside, waiting } from "./keys.js";
import type { Lines } from "./lines.js";
import type { Platform } from "./platform.js";
import { type DeviceConflict, type DeviceRecord, type FigureChanges, type NewFigure, type NewLine, recordKey, type Refusal, wireFigure } from "./record.js";
import type { Change, Database, Delete, Ends, Put, Revision, Row, Span, StoreName } from "./store/store.js";
import type { Written } from "./sync.js";
import { judge, type Outcome } from "./verdicts.js";

/** What is shown of a record beside what is sent of it and where it is. */
type Shown = Omit<DeviceRecord, "record" | "state" | "queue_key">;

/** A row of the queue: what is sent, and what its copy that is shown says beside. */
interface QueueRow {
    v: 1;
    record: Record;
    /** Rows of builds before this one have none. */
    shown?: Shown;
}

/** A record on its way: the row it came from, as it was then. */
export interface Sent {
    key: string;
    stamp: string;
    record: Record;
}

interface Judged {
    each: Sent;
    outcome: Outcome;
}

/** Another tab may write the same row between reading and writing it; not for ever. */
const attempts = 20;
/** A calendar that is behind this one says nothing: places have fourteen digits. */
const latest = 9e13;

/**
 * Records, and the order in which they are sent. Each has a row to be shown (`records`) and, until it has a verdict, one
 * to be sent (`queue`): an edit replaces what is to be sent, a verdict takes away only what was sent as it stands. Of
 * what is simply stored only that row goes: one to be shown that says unsent, and whose row of the queue is gone, is stored.
 */
export class Queue {
    #order = 0;

    private constructor(
        private readonly platform: Platform,
        private readonly database: Database,
        private readonly lines: Lines,
        private readonly onChange: (more: Written | "unknown") => void,
    ) {}

    static async open(platform: Platform, database: Database, lines: Lines, onChange: (more: Written | "unknown") => void): Promise<Queue> {
        const queue = new Queue(platform, database, lines, onChange);
        for (const shelf of [waiting, setAside]) {
            const [last] = await database.scan("queue", { prefix: shelf, backwards: true, limit: 1 });
            queue.#order = Math.max(queue.#order, Number((last?.key ?? shelf).slice(shelf.length, shelf.length + 14)));
        }
        return queue;
    }

    /** The place of what was written last, as far as this tab knows. */
    get order(): number {
        return this.#order;
    }

    /** Another tab wrote something at that place: what is written here now comes behind it. */
    follow(order: number): void {
        this.#order = Math.max(this.#order, order);
    }

    /** Behind all that this tab knows of, and by the calendar behind what was written when nothing of it is queued any more. */
    #next(): number {
        return (this.#order = Math.max(this.#order + 1, Math.min(Math.floor(this.platform.wall()), latest)));
    }

    #now(): string {
        return new Date(this.platform.wall()).toISOString();
    }

    // ---- What a person enters

    async add(figure: NewFigure, lines: readonly NewLine[] = []): Promise<DeviceRecord> {
        const now = this.#now();
        const record: Record = {
            ...(wireFigure(figure) as Record),
            client_record_id: this.platform.uuid(),
            status: figure.status ?? "finalized",
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        const order = this.#next();
        const key = outboxKey(waiting, order, record.client_record_id);
        const row: DeviceRecord = { v: 1, record, state: "unsent", order, queue_key: key };
        await this.#write([this.#toSend(key, row, null), this.#toShow(row, null), ...this.lines.rows(record, lines)]);
        this.onChange({ unsent: 1, lines: lines.length });
        return row;
    }

    edit(sessionId: string, recordId: string, changes: FigureChanges, lines: readonly NewLine[] = []): Promise<DeviceRecord> {
        return this.#change(sessionId, recordId, (record) => ({ ...record, status: changes.status ?? (record.status === "void" ? "finalized" : record.status), ...wireFigure(changes) }), lines);
    }

    void(sessionId: string, recordId: string, lines: readonly NewLine[] = []): Promise<DeviceRecord> {
        return this.#change(sessionId, recordId, (record) => ({ ...record, status: "void" }), lines);
    }

    async #change(sessionId: string, recordId: string, change: (record: Record) => Record, lines: readonly NewLine[]): Promise<DeviceRecord> {
        for (let attempt = 0; attempt < attempts; attempt++) {
            const before = await this.database.get("records", recordKey(sessionId, recordId));
            if (before === undefined) throw new NotPossible("no_such_record", `this device has no record ${recordId}`);
            const written = before.value as DeviceRecord;
            const queued = written.queue_key === null ? undefined : await this.database.get("queue", written.queue_key);
            const shown = asItIs(written, () => queued !== undefined);
            const record: Record = { ...change(shown.record), revision: (shown.record.revision ?? 0) + 1, updated_at: this.#now() };
            const key = shown.state === "unsent" && shown.queue_key !== null ? shown.queue_key : outboxKey(waiting, this.#next(), recordId);
            const { refusal: _, ...rest } = shown;
            const row: DeviceRecord = { ...rest, record, state: "unsent", queue_key: key };
            const changes: Change[] = [this.#toSend(key, row, key === queued?.key ? queued.stamp : null), this.#toShow(row, before.stamp), ...this.lines.rows(record, lines)];
            if (shown.queue_key !== null && shown.queue_key !== key) changes.push({ kind: "delete", store: "queue", key: shown.queue_key });
            if (!(await this.database.write(changes))) continue;
            this.onChange({ unsent: shown.state === "unsent" ? 0 : 1, refused: shown.state === "refused" ? -1 : 0, lines: lines.length });
            return row;
        }
        throw new Error(`record ${recordId} is being changed elsewhere all the time`);
    }

    #toSend(key: string, { record, state: _, queue_key: __, ...shown }: DeviceRecord, expect?: string | null): Put {
        const row: Put = { kind: "put", store: "queue", key, stamp: this.platform.uuid(), value: { v: 1, record, shown } satisfies QueueRow };
        return expect === undefined ? row : { ...row, expect };
    }

    #toShow(row: DeviceRecord, expect?: string | null): Put {
        const key = recordKey(row.record.session_id, row.record.client_record_id);
        const change: Put = { kind: "put", store: "records", key, stamp: this.platform.uuid(), value: row };
        return expect === undefined ? change : { ...change, expect };
    }

    async #write(changes: readonly Change[]): Promise<void> {
        if (!(await this.database.write(changes))) throw new Error("an id that was made here exists already");
    }

    // ---- What is here

    async ofSession(sessionId: string): Promise<DeviceRecord[]> {
        const { rows, keys } = await this.database.scanBeside("records", beginning(sessionId), "queue", placesOf);
        const queued = new Set(keys);
        return rows.map(({ value }) => asItIs(value as DeviceRecord, (key) => queued.has(key))).sort((a, b) => a.order - b.order);
    }

    async refused(): Promise<DeviceRecord[]> {
        const found: DeviceRecord[] = [];
        for (const { record } of await this.#shelf(setAside)) {
            const row = await this.database.get("records", recordKey(record.session_id, record.client_record_id));
            if (row !== undefined) found.push(row.value as DeviceRecord);
        }
        return found;
    }

    /** What of a session has no verdict yet, or waits for a person here. */
    async blockOf(sessionId: string): Promise<"unsent" | "refused" | null> {
        for (const [shelf, block] of [[waiting, "unsent"], [setAside, "refused"]] as const) {
            if ((await this.#shelf(shelf)).some(({ record }) => record.session_id === sessionId)) return block;
        }
        return null;
    }

    /** Everything without a place on the server: what waits and what was refused. */
    async unsent(): Promise<Record[]> {
        return [...(await this.#shelf(waiting)), ...(await this.#shelf(setAside))].map(({ record }) => record);
    }

    async #shelf(shelf: string): Promise<Sent[]> {
        return (await this.database.scan("queue", { prefix: shelf })).map(toSent);
    }

    count(shelf: string): Promise<number> {
        return this.database.count("queue", shelf);
    }

    // ---- Sending

    /** The next records behind `after`, the oldest first. */
    async batch(limit: number, after: string | undefined): Promise<Sent[]> {
        const range = after === undefined ? { prefix: waiting, limit } : { prefix: waiting, limit, after };
        return (await this.database.scan("queue", range)).map(toSent);
    }

    /** Writes down what became of batches, all at once. Returns how many records are to be sent again later. */
    async settle(answered: readonly { rows: readonly Sent[]; verdict: BatchVerdict }[]): Promise<number> {
        const judged = answered.flatMap(({ rows, verdict }) => {
            const outcomes = judge(rows.map(({ record }) => record), verdict);
            return rows.map((each, index): Judged => ({ each, outcome: outcomes[index] ?? { kind: "later" } }));
        });
        await this.#settleAll(judged);
        return judged.filter(({ outcome }) => outcome.kind === "later").length;
    }

    /** Moves a record aside that the server can't take in any batch. */
    async refuse(sent: Sent, refusal: Refusal): Promise<void> {
        await this.#settleAll([{ each: sent, outcome: { kind: "refused", refusal } }]);
    }

    /** Sends again what the server says it lacks: storing twice is safe. */
    async sendAgain(sessionId: string): Promise<void> {
        let again = 0;
        for (const row of await this.ofSession(sessionId)) {
            if (row.state !== "stored") continue;
            const key = outboxKey(waiting, this.#next(), row.record.client_record_id);
            const unsent: DeviceRecord = { ...row, state: "unsent", queue_key: key };
            await this.database.write([this.#toSend(key, unsent), this.#toShow(unsent)]);
            again += 1;
        }
        this.onChange({ unsent: again });
    }

    /** What was edited meanwhile is something else, and is sent next. A verdict that is lost with a battery is given again when the record is sent again. */
    async #settleAll(judged: readonly Judged[]): Promise<void> {
        const final = new Map(judged.filter(({ outcome }) => outcome.kind !== "later").map((one) => [one.each.key, one]));
        const keys = [...final.keys()].sort();
        const [from, through] = [keys[0], keys.at(-1)];
        if (from === undefined || through === undefined) return;
        const older: Judged[] = [];
        let settled = 0;
        let isPlain = true;
        const change = (rows: readonly Row[]): Revision[] => {
            const revisions: Revision[] = [];
            const gone = new Spans("queue");
            for (const row of rows) {
                const one = final.get(row.key);
                const { shown } = row.value as QueueRow;
                if (one !== undefined && one.each.stamp === row.stamp && shown !== undefined) {
                    gone.add(row.key);
                    settled += 1;
                    isPlain &&= isPlainly(one.outcome, shown);
                    if (!isSimplyStored(one.outcome, shown)) revisions.push(...this.#settled(one, shown));
                } else {
                    gone.end();
                    if (one !== undefined && one.each.stamp === row.stamp) older.push(one);
                }
            }
            return [...gone.all, ...revisions];
        };
        await this.database.revise({ store: "queue", from, through }, ["records", "conflicts"], change, "recoverable");
        for (const one of older) await this.#settleOlder(one);
        // What only left the queue needs no counting anew.
        this.onChange(isPlain && older.length === 0 ? { unsent: -settled } : "unknown");
    }

    /** A row of the queue that says nothing of what is shown. */
    async #settleOlder(one: Judged): Promise<void> {
        const { key, stamp, record } = one.each;
        for (let attempt = 0; attempt < attempts; attempt++) {
            const before = await this.database.get("records", recordKey(record.session_id, record.client_record_id));
            const shown = (before?.value as DeviceRecord | undefined) ?? { v: 1, order: 0 };
            const settled = this.#settled(one, shown).map((put) => (put.store === "records" ? { ...put, expect: before?.stamp ?? null } : put));
            if (await this.database.write([{ kind: "delete", store: "queue", key, expect: stamp }, ...settled], "recoverable")) return;
            if ((await this.database.get("queue", key))?.stamp !== stamp) return;
        }
    }

    /** What is written beside the end of the row that was sent. */
    #settled({ each: { key, record }, outcome }: Judged, { refusal: _, conflict_id: open, ...shown }: Shown): (Put | Delete)[] {
        const row = { ...shown, record, queue_key: null };
        switch (outcome.kind) {
            case "stored":
            case "decided": {
                const stored = outcome.kind === "stored" || outcome.stored;
                const changes: (Put | Delete)[] = [this.#toShow({ ...row, state: stored ? "stored" : "decided", ...(outcome.kind === "stored" && outcome.unknown ? { unknown: true } : {}) })];
                return open === undefined ? changes : [...changes, { kind: "delete", store: "conflicts", key: open }];
            }
            case "conflict":
                return [this.#toShow({ ...row, state: "conflict", conflict_id: outcome.conflict.conflict_id }), this.#conflict(record, outcome.conflict)];
            case "refused": {
                const aside = moved(key, setAside);
                const refused: DeviceRecord = { ...row, state: "refused", refusal: outcome.refusal, queue_key: aside, ...(open === undefined ? {} : { conflict_id: open }) };
                return [this.#toShow(refused), this.#toSend(aside, refused)];
            }
            case "later":
                return [];
        }
    }

    #conflict(record: Record, { conflict_id, type, message, holder }: BatchVerdict["conflicts"][number]): Put {
        const { client_record_id, session_id } = record;
        const value: DeviceConflict = { v: 1, conflict_id, client_record_id, session_id, type, message, record, ...(holder === undefined ? {} : { holder }) };
        return { kind: "put", store: "conflicts", key: conflict_id, stamp: this.platform.uuid(), value };
    }
}

/** A record as it is: where only its row of the queue went, it was stored. */
function asItIs(row: DeviceRecord, isQueued: (key: string) => boolean): DeviceRecord {
    if (row.state !== "unsent" || row.queue_key === null || isQueued(row.queue_key)) return row;
    return { ...row, state: "stored", queue_key: null };
}

/** From the first to the last place in the queue of what is written as unsent. */
function placesOf(rows: readonly Row[]): Ends | undefined {
    const ends: Ends = { from: "", through: "" };
    for (const { value } of rows) {
        const { state, queue_key: key } = value as DeviceRecord;
        if (state !== "unsent" || key === null) continue;
        if (ends.from === "" || key < ends.from) ends.from = key;
        if (key > ends.through) ends.through = key;
    }
    return ends.from === "" ? undefined : ends;
}

/** Whether there is nothing to say of it but that it is stored. */
const isSimplyStored = (outcome: Outcome, { conflict_id }: Shown): boolean => outcome.kind === "stored" && !outcome.unknown && conflict_id === undefined;

/** Whether it only left the queue. */
const isPlainly = ({ kind }: Outcome, { conflict_id }: Shown): boolean => conflict_id === undefined && kind !== "conflict" && kind !== "refused";

/** Rows that go, a span for those that stand together. */
class Spans {
    readonly all: ({ kind: "clear" } & Span)[] = [];
    #isOpen = false;

    constructor(private readonly store: StoreName) {}

    add(key: string): void {
        const last = this.all.at(-1);
        if (last !== undefined && this.#isOpen) last.through = key;
        else this.all.push({ kind: "clear", store: this.store, from: key, through: key });
        this.#isOpen = true;
    }

    end(): void {
        this.#isOpen = false;
    }
}

function toSent({ key, stamp, value }: Row): Sent {
    return { key, stamp, record: (value as QueueRow).record };
}
