import type { BatchVerdict, SessionStats, UnknownItem } from "./api.js";
import type { Auth } from "./auth.js";
import { backoffDelay } from "./backoff.js";
import type { QueueProblem, QueueState } from "./client.js";
import { isPassing, LoginNeeded, NoAnswer, Refused } from "./errors.js";
import { setAside, waiting } from "./keys.js";
import type { Leases, SessionRow } from "./lease.js";
import type { LineRow } from "./lines.js";
import { Source } from "./observable.js";
import type { Shelf, Waiting } from "./outbox.js";
import type { Platform } from "./platform.js";
import type { Queue, Sent } from "./queue.js";
import type { RecordErrorCode } from "./record.js";
import type { UnsentUnknownItem } from "./rescue.js";
import { type Answered, type Settled, Settling } from "./settling.js";
import { type Database, StorageFull } from "./store/store.js";
import { answerTime, type Call, type ReadyBody } from "./transport.js";

/** The server takes bodies of 1 MiB and 5000 serial numbers a batch. */
const mostBytes = 900_000;
const mostSerials = 5_000;
const linesAtOnce = 200;
/** So few take no longer than one. */
const fewest = 5;
/** A body that says when it was sent is made anew once that is wrong by more, in milliseconds. */
const readyFor = 500;

/** Rows of the queue that go together, and the body that they go in. */
interface Batch {
    rows: readonly Sent[];
    last: string;
    /** How many are behind them. */
    left: number;
    /** When the body says that it is sent, by the device's calendar. */
    at: number;
    body: ReadyBody;
}

export interface UnknownRow {
    v: 1;
    item: UnsentUnknownItem;
}

export interface PhotoRow {
    v: 1;
    id: string;
    type: string;
}

/** What was written while it was being counted, or by other tabs, is counted after so long: more may come. */
const countAfter = 300;

/** By how much a writing changes what is on the device. */
export type Written = Partial<Pick<QueueState, "unsent" | "lines" | "unknown_items" | "photos" | "refused">>;

export interface SyncParts {
    platform: Platform;
    auth: Auth;
    database: Database;
    userId: string;
    queue: Queue;
    leases: Leases;
    lines: Shelf<LineRow>;
    unknown: Shelf<UnknownRow>;
    photos: Shelf<PhotoRow>;
    batchSize(): number;
    onFault(fault: unknown): void;
    /** Other tabs show what changed. */
    onSettled(): void;
}

export const emptyQueue: QueueState = {
    unsent: 0,
    lines: 0,
    unknown_items: 0,
    photos: 0,
    finishes: 0,
    refused: 0,
    conflicts: 0,
    sending: false,
    progress: { done: 0, total: 0 },
    last_sent: null,
    next_try: null,
    problem: null,
    all_safe: true,
};

/**
 * Sends what is on the device, one tab at a time: unknown items, records, the scans behind them, finishes, photos. What
 * the server refuses for good is set aside and holds up nothing; whatever else goes wrong, the same is sent again later.
 */
export class Sync {
    readonly state = new Source<QueueState>(emptyQueue);
    #failures = 0;
    #running: Promise<void> | undefined;
    #again = false;
    #callOff: (() => void) | undefined;
    #closed = false;
    /** Smaller while the server finds batches too large. */
    #largest = Number.POSITIVE_INFINITY;
    /** Smaller while the radio is too slow for them. */
    #bearable = Number.POSITIVE_INFINITY;
    #counting: Promise<void> | undefined;
    #countAgain = false;
    #countLater: (() => void) | undefined;
    #keptLastSent: number | null = null;

    constructor(private readonly parts: SyncParts) {}

    async open(): Promise<void> {
        const last = (await this.parts.database.get("state", "last_sent"))?.value as { at: number } | undefined;
        this.#keptLastSent = last?.at ?? null;
        this.#show({ last_sent: this.#keptLastSent });
        await this.recount();
    }

    close(): void {
        this.#closed = true;
        this.#callOff?.();
        this.#countLater?.();
    }

    #show(change: Partial<QueueState>): void {
        if (this.#closed) return;
        const next = { ...this.state.value, ...change };
        next.all_safe = next.unsent + next.lines + next.unknown_items + next.photos + next.finishes + next.refused === 0;
        this.state.set(next);
    }

    /** Counts what is here. Between countings what is written and sent is added up. */
    recount(): Promise<void> {
        if (this.#counting !== undefined) this.#countAgain = true;
        this.#counting ??= this.#count()
            .catch((fault: unknown) => this.parts.onFault(fault))
            .finally(() => {
                this.#counting = undefined;
                // Not at once: whoever counts a long queue while figures are added would hold all of them up.
                if (this.#countAgain) this.#recountLater();
            });
        return this.#counting;
    }

    #recountLater(): void {
        if (this.#closed) return;
        this.#countLater ??= this.parts.platform.timer(countAfter, () => {
            this.#countLater = undefined;
            void this.recount();
        });
    }

    async #count(): Promise<void> {
        const { queue, lines, unknown, photos, leases, database } = this.parts;
        this.#countAgain = false;
        const [unsent, refused, waitingLines, waitingItems, waitingPhotos, conflicts] = await Promise.all([
            queue.count(waiting),
            queue.count(setAside),
            lines.count(),
            unknown.count(),
            photos.count(),
            database.count("conflicts"),
        ]);
        // What was counted before the last writing is not shown: it would say that something is safe which is not.
        if (this.#countAgain) return;
        this.#show({ unsent, refused, lines: waitingLines, unknown_items: waitingItems, photos: waitingPhotos, conflicts, finishes: leases.finishes().length });
    }

    // ---- When

    /** Something was written: it shows at once, and is sent now, unless a failure says later. */
    written(more: Written | "unknown"): void {
        this.#add(more === "unknown" ? {} : more);
        if (more === "unknown") void this.recount();
        const isToSend = more === "unknown" || (more.unsent ?? 0) >= 0;
        if (isToSend && this.#callOff === undefined) this.wake();
    }

    /** More than there was shows at once, less when it was counted. */
    otherTabWrote(more: Written): void {
        const grown = Object.entries(more).filter(([, change]) => change > 0);
        this.#add(Object.fromEntries(grown) as Written);
        this.#recountLater();
    }

    #add(more: Written): void {
        // What is being counted was counted before this.
        if (this.#counting !== undefined) this.#countAgain = true;
        const { unsent, lines, unknown_items, photos, refused } = this.state.value;
        this.#show({
            unsent: Math.max(0, unsent + (more.unsent ?? 0)),
            lines: Math.max(0, lines + (more.lines ?? 0)),
            unknown_items: Math.max(0, unknown_items + (more.unknown_items ?? 0)),
            photos: Math.max(0, photos + (more.photos ?? 0)),
            refused: Math.max(0, refused + (more.refused ?? 0)),
            finishes: this.parts.leases.finishes().length,
        });
    }

    /** There is reason to try now: the network is back, the app is seen, a person asks. */
    wake(): void {
        this.sync().catch((fault: unknown) => this.parts.onFault(fault));
    }

    sync(): Promise<void> {
        if (this.#closed) return Promise.resolve();
        this.#callOff?.();
        this.#callOff = undefined;
        if (this.#running !== undefined) {
            this.#again = true;
            return this.#running;
        }
        this.#running = this.#run().finally(() => {
            this.#running = undefined;
            this.#show({ sending: false });
        });
        return this.#running;
    }

    async #run(): Promise<void> {
        do {
            this.#again = false;
            const wait = await this.#pass();
            if (this.#closed) return;
            await this.#keepLastSent().catch((fault: unknown) => this.parts.onFault(fault));
            await this.recount();
            if (wait === undefined) continue;
            this.#later(wait);
            return;
        } while (this.#again);
    }

    /** Tries once. Milliseconds to wait before the next time; `undefined`: there is nothing to wait for. */
    async #pass(): Promise<number | undefined> {
        try {
            const left = await this.parts.platform.lock(`stockverify-sync-${this.parts.userId}`, () => this.#send());
            this.#failures = left ? this.#failures + 1 : 0;
            this.#show({ problem: null });
            return left ? backoffDelay(this.#failures, undefined, this.parts.platform.random) : undefined;
        } catch (fault) {
            if (this.#closed) return undefined;
            if (!isPassing(fault) && !(fault instanceof LoginNeeded)) this.parts.onFault(fault);
            this.#show({ problem: problemOf(fault) });
            this.#failures += 1;
            // A login wakes this.
            if (fault instanceof LoginNeeded) return undefined;
            return backoffDelay(this.#failures, fault instanceof Refused || fault instanceof NoAnswer ? fault.retryAfter : undefined, this.parts.platform.random);
        }
    }

    #later(milliseconds: number): void {
        if (this.#closed) return;
        this.#show({ next_try: this.parts.platform.wall() + milliseconds });
        this.#callOff = this.parts.platform.timer(milliseconds, () => {
            this.#callOff = undefined;
            this.#show({ next_try: null });
            this.wake();
        });
    }

    // ---- What

    #call(call: Call): Promise<{ data: unknown }> {
        if (this.#closed) throw new NoAnswer("closed");
        return this.parts.auth.call(this.parts.userId, call);
    }

    /** Whether something is left that may be sent later. */
    async #send(): Promise<boolean> {
        const { unsent: total, lines, unknown_items, photos } = this.state.value;
        if (!this.#closed && total + lines + unknown_items + photos + this.parts.leases.finishes().length > 0) {
            this.#show({ sending: true, next_try: null, progress: { done: 0, total } });
            if (this.#failures > 0) await this.parts.leases.confirm();
        }
        await this.#sendUnknown();
        const left = await this.#sendRecords(total);
        await this.#sendLines();
        await this.#sendFinishes();
        await this.#sendPhotos();
        return left;
    }

    #sent(): void {
        this.#show({ last_sent: this.parts.platform.wall() });
        this.parts.onSettled();
    }

    async #keepLastSent(): Promise<void> {
        const at = this.state.value.last_sent;
        if (this.#closed || at === this.#keptLastSent) return;
        this.#keptLastSent = at;
        await this.parts.database.write([{ kind: "put", store: "state", key: "last_sent", stamp: this.parts.platform.uuid(), value: { v: 1, at } }], "recoverable");
    }

    /**
     * One batch after the other, the oldest first; what is to be sent again waits for the next pass. While the server works
     * on one, the verdicts of those before are written down and the one behind it is made ready.
     */
    async #sendRecords(total: number): Promise<boolean> {
        const settling = new Settling(this.parts.platform, (settled) => this.#settle(settled));
        let next = this.#ready(undefined, total);
        let sent = 0;
        let later = 0;
        try {
            for (let after: string | undefined; ; ) {
                const batch = await next;
                if (batch === undefined) break;
                const posting = this.#post(batch);
                next = this.#ready(batch.last, batch.left);
                next.catch(() => undefined);
                const answer = await posting;
                if (answer === "cut") {
                    next = this.#ready(after, total - sent);
                    continue;
                }
                after = batch.last;
                sent += batch.rows.length;
                await settling.add({ rows: batch.rows, answer });
            }
        } finally {
            later = await settling.end();
        }
        this.#largest = Number.POSITIVE_INFINITY;
        // What was added or edited meanwhile is no failure: it is simply next.
        if (later === 0 && (await this.parts.queue.batch(1, undefined)).length > 0) this.#again = true;
        return later > 0;
    }

    /** The next batch behind `after`, of the `left` that are there. */
    async #ready(after: string | undefined, left: number): Promise<Batch | undefined> {
        const rows = fitting(await this.parts.queue.batch(Math.min(this.parts.batchSize(), this.#largest, this.#bearable), after));
        const last = rows.at(-1)?.key;
        return last === undefined ? undefined : this.#make({ rows, last, left: Math.max(0, left - rows.length) });
    }

    async #make(batch: Omit<Batch, "at" | "body">): Promise<Batch> {
        const { auth, platform } = this.parts;
        const at = platform.wall();
        const body = await auth.ready({ batch_id: platform.uuid(), sent_at: new Date(at).toISOString(), left: batch.left, records: batch.rows.map(({ record }) => record) });
        return { ...batch, at, body };
    }

    /** `cut`: the batch is too large for the server, or one of its records is why it is refused. */
    async #post(made: Batch): Promise<Answered | "cut"> {
        const { platform } = this.parts;
        const { rows, at } = made;
        const began = platform.monotonic();
        try {
            // The body says when it was sent.
            const { body } = Math.abs(platform.wall() - at) > readyFor ? await this.#make(made) : made;
            const { data } = await this.#call({ method: "POST", path: "/api/sync/batch", ready: body });
            if (!isVerdict(data)) throw new NoAnswer("an answer to a batch that is no verdict");
            this.#bearable *= 2;
            return { verdict: data };
        } catch (fault) {
            if (fault instanceof NoAnswer && platform.monotonic() - began >= answerTime) this.#bearable = Math.max(fewest, Math.ceil(rows.length / 2));
            if (rows.length > 1 && (isOfBody(fault) || isTooLarge(fault))) {
                this.#largest = Math.ceil(rows.length / 2);
                return "cut";
            }
            if (isTooLarge(fault)) return { refusal: { field: "", code: "too_long", message: "the network takes no record of this size" } };
            if (!isOfBody(fault)) throw fault;
            const detail = fault.details[0];
            return { refusal: { field: detail?.field ?? "", code: (detail?.code ?? fault.code) as RecordErrorCode, message: detail?.message ?? fault.message } };
        }
    }

    /** How many are to be sent again later. */
    async #settle(settled: readonly Settled[]): Promise<number> {
        const { queue } = this.parts;
        // Whatever went wrong before did not go wrong in a row.
        this.#failures = 0;
        const judged = settled.flatMap(({ rows, answer }) => ("verdict" in answer ? [{ rows, verdict: answer.verdict }] : []));
        const later = await queue.settle(judged);
        for (const { rows, verdict } of judged) this.#askWhoHas(rows, verdict);
        for (const { rows: [only], answer } of settled) {
            if ("refusal" in answer && only !== undefined) await queue.refuse(only, answer.refusal);
        }
        const { progress } = this.state.value;
        const done = progress.done + settled.reduce((sum, { rows }) => sum + rows.length, 0) - later;
        this.#show({ progress: { done, total: Math.max(progress.total, done) } });
        this.#sent();
        return later;
    }

    /** A rack that is somebody else's is told as such now, not with the next heartbeat. */
    #askWhoHas(batch: readonly Sent[], { conflicts }: BatchVerdict): void {
        const lost = new Set(conflicts.filter(({ type, resolved }) => type === "lock_lost" && resolved !== true).map(({ client_record_id }) => client_record_id));
        const sessions = new Set(batch.filter(({ record }) => lost.has(record.client_record_id)).map(({ record }) => record.session_id));
        for (const session of sessions) this.parts.leases.doubt(session);
    }

    async #sendUnknown(): Promise<void> {
        for (;;) {
            const [row] = await this.parts.unknown.next(1);
            if (row === undefined) return;
            await this.#sendRow("unknown_items", this.parts.unknown, row, { method: "POST", path: "/api/unknown-items", body: row.value.item satisfies Partial<UnknownItem> });
        }
    }

    async #sendPhotos(): Promise<void> {
        for (;;) {
            const [row] = await this.parts.photos.next(1);
            if (row === undefined) return;
            const path = `/api/photos/${encodeURIComponent(row.value.id)}`;
            await this.#sendRow("photos", this.parts.photos, row, { method: "PUT", path, bytes: { data: row.bytes ?? new Uint8Array(), type: row.value.type } });
        }
    }

    async #sendRow<T extends { v: 1 }>(kind: "unknown_items" | "photos", shelf: Shelf<T>, row: Waiting<T>, call: Call): Promise<void> {
        try {
            await this.#call(call);
            await shelf.sent([row]);
        } catch (fault) {
            if (!isForGood(fault) && !isTooLarge(fault)) throw fault;
            await shelf.refuse([row], fault.message);
        }
        this.#add({ [kind]: -1 });
        this.#sent();
    }

    async #sendLines(): Promise<void> {
        let most = linesAtOnce;
        for (;;) {
            const next = await this.parts.lines.next(most);
            const session = next[0]?.value.session_id;
            if (session === undefined) return;
            const rows = next.filter(({ value }) => value.session_id === session);
            const cut = await this.#sendLinesOf(session, rows);
            if (cut) most = Math.max(1, Math.floor(rows.length / 2));
            else this.#add({ lines: -rows.length });
            this.#sent();
        }
    }

    /** Whether they are to be sent in smaller parts. */
    async #sendLinesOf(session_id: string, rows: readonly Waiting<LineRow>[]): Promise<boolean> {
        const { lines } = this.parts;
        try {
            const body = { session_id, lines: rows.map(({ value }) => value.line) };
            const verdict = (await this.#call({ method: "POST", path: "/api/count-lines", body })).data as { errors: { index: number; message: string }[] };
            const wrong = new Map(verdict.errors.map((error) => [error.index, error.message]));
            await lines.sent(rows.filter((_, index) => !wrong.has(index)));
            for (const [index, row] of rows.entries()) {
                const message = wrong.get(index);
                if (message !== undefined) await lines.refuse([row], message);
            }
        } catch (fault) {
            if ((isOfBody(fault) || isTooLarge(fault)) && rows.length > 1) return true;
            if (!isForGood(fault)) throw fault;
            await lines.refuse(rows, fault.message);
        }
        return false;
    }

    // ---- Finishes

    async #sendFinishes(): Promise<void> {
        for (const row of this.parts.leases.finishes()) await this.#sendFinish(row);
    }

    async #sendFinish({ rack: { session_id }, finish }: SessionRow): Promise<void> {
        const { leases, queue } = this.parts;
        const block = await queue.blockOf(session_id);
        if (block !== null) return leases.block(session_id, block);
        const stored = (await queue.ofSession(session_id)).filter(({ state }) => state === "stored").length;
        try {
            const path = `/api/sessions/${encodeURIComponent(session_id)}/complete`;
            const answer = await this.#call({ method: "POST", path, body: { records: stored } });
            await leases.end(session_id, { stats: answer.data as SessionStats });
        } catch (fault) {
            if (!(fault instanceof Refused) || fault.later) throw fault;
            await this.#refusedFinish(session_id, finish?.sent_again === true, fault);
        }
        this.#sent();
    }

    async #refusedFinish(sessionId: string, sentAgain: boolean, fault: Refused): Promise<void> {
        const { leases, queue } = this.parts;
        if (fault.code !== "records_missing") return leases.end(sessionId, fault.holder === undefined ? {} : { holder: fault.holder });
        await leases.block(sessionId, "records_missing", !sentAgain);
        if (sentAgain) return;
        await queue.sendAgain(sessionId);
        this.#again = true;
    }
}

/** Without these a page of somebody between would be taken for a verdict. */
function isVerdict(data: unknown): data is BatchVerdict {
    const { ok, conflicts, errors } = (data ?? {}) as { [list: string]: unknown };
    return Array.isArray(ok) && Array.isArray(conflicts) && Array.isArray(errors);
}

/** What is wrong with a body as a whole: one of its parts may be. */
function isOfBody(fault: unknown): fault is Refused {
    return fault instanceof Refused && (fault.status === 400 || fault.status === 413 || fault.status === 422);
}

function isForGood(fault: unknown): fault is Refused {
    return fault instanceof Refused && !fault.later;
}

/** Something on the way takes less than the server does. */
function isTooLarge(fault: unknown): fault is NoAnswer {
    return fault instanceof NoAnswer && fault.status === 413;
}

/** As many of the first as the server takes at once, and one at least. */
function fitting(batch: readonly Sent[]): readonly Sent[] {
    let bytes = 0;
    let serials = 0;
    const end = batch.findIndex(({ record }) => {
        bytes += JSON.stringify(record).length * 2;
        serials += record.serial_numbers?.length ?? 0;
        return bytes > mostBytes || serials > mostSerials;
    });
    return end < 0 ? batch : batch.slice(0, Math.max(1, end));
}

function problemOf(fault: unknown): QueueProblem {
    if (fault instanceof NoAnswer) return "no_network";
    if (fault instanceof StorageFull) return "storage_full";
    if (!(fault instanceof LoginNeeded)) return "server_busy";
    if (fault.code === "other_user") return "other_user";
    return fault.code === "logged_out" ? "logged_out" : "login_needed";
}
