import type { Claim, Schema, SessionStats } from "./api.js";
import type { Auth } from "./auth.js";
import type { HeldRack } from "./client.js";
import type { Moment, SteadyClock } from "./clock.js";
import { isPassing, LoginNeeded, NoAnswer, NotPossible, Refused } from "./errors.js";
import { Source } from "./observable.js";
import { type KnownLease, OtherTabs } from "./other_tabs.js";
import type { Platform } from "./platform.js";
import type { Database, Expected } from "./store/store.js";
import { answerTime } from "./transport.js";

/** A floor session on this device. */
export interface SessionRow {
    v: 1;
    rack: HeldRack;
    /** A finish that was tapped and not told yet; `sent_again`: the server lacked records once. */
    finish?: { sent_again?: boolean };
    /** Wall clock, when it ended for this device. */
    ended_at?: number;
    /** A pause or release is on its way, at most until then by the wall clock: no heartbeat says whose the rack is. */
    leaving_until?: number;
}

/** The least time between two tries of a heartbeat. */
const soon = 1_000;
const unanswered = 5_000;
const attempts = 20;
/** Another tab's heartbeat may be late by so much before this one sends its own. */
const patience = 1_500;

interface Watch {
    /** For so many milliseconds from then the rack is surely this user's. */
    sure: { since: Moment; milliseconds: number } | undefined;
    callOff: (() => void)[];
    /** Steady clock: when the next heartbeat is due, from whichever tab. */
    next: number;
    beating: Promise<void> | undefined;
    failures: number;
}

export interface LeaseParts {
    platform: Platform;
    clock: SteadyClock;
    auth: Auth;
    database: Database;
    userId: string;
    heartbeatSeconds(): number;
    onFault(fault: unknown): void;
    /** Other tabs must know, too. */
    onWritten(): void;
}

/**
 * The racks this user holds, and how long that is sure. A deadline counts from when a heartbeat was sent; past it, after
 * a reload and after a time out of sight a rack is unconfirmed until a heartbeat answers. Only `lock_lost` says that it
 * is gone; no number of failures ends the heartbeats.
 */
export class Leases {
    readonly racks = new Source<readonly HeldRack[]>([]);
    readonly #rows = new Map<string, SessionRow>();
    readonly #watches = new Map<string, Watch>();
    /** When a session was last doubted, counted in requests: answers to those sent before say nothing of it any more. */
    readonly #doubts = new Map<string, number>();
    #requests = 0;
    #closed = false;
    readonly #stopListening: () => void;
    readonly #others: OtherTabs | undefined;

    constructor(private readonly parts: LeaseParts) {
        this.#stopListening = parts.platform.lifecycle.subscribe((state) => {
            if (state === "visible") this.#comeBack();
        });
        const { platform, userId } = parts;
        if (platform.channel !== undefined) this.#others = new OtherTabs(platform, platform.channel, userId, (sessionId) => this.#known(sessionId));
    }

    close(): void {
        this.#closed = true;
        this.#stopListening();
        this.#others?.close();
        for (const watch of this.#watches.values()) for (const callOff of watch.callOff) callOff();
        this.#watches.clear();
    }

    /** What was here before a restart: every rack is unconfirmed. */
    async open(): Promise<void> {
        for (const { value } of await this.parts.database.scan("sessions")) {
            const row = value as SessionRow;
            if (row.ended_at !== undefined) continue;
            const lease = row.rack.lease === "paused" || row.rack.lease === "lost" || row.rack.lease === "finishing" ? row.rack.lease : "unconfirmed";
            this.#rows.set(row.rack.session_id, { ...row, rack: { ...row.rack, lease } });
        }
        this.#show();
    }

    /** After a restart or a time without network: what the server says is held here, then a heartbeat for each. */
    async find(): Promise<void> {
        const answer = await this.parts.auth.call(this.parts.userId, { method: "GET", path: "/api/racks/user/active" });
        for (const rack of answer.data as Schema<"ActiveRack">[]) {
            const before = this.#rows.get(rack.session_id);
            const { rack_id, session_id, count_id, warehouse, floor, blind, strict, fence } = rack;
            const held = before?.rack.lease === "held" || before?.rack.lease === "finishing" ? before.rack.lease : "unconfirmed";
            await this.#keep(session_id, (row) => ({
                ...row,
                v: 1,
                rack: { round: null, ...row?.rack, rack_id, session_id, count_id, warehouse, floor, blind, strict, fence, lease: rack.status === "paused" ? "paused" : held },
            }));
        }
        await this.confirm();
    }

    /** A heartbeat for every rack that is not sure. */
    async confirm(): Promise<void> {
        const unsure = [...this.#rows.values()].filter(({ rack }) => beats(rack) && this.secondsLeft(rack.session_id) === 0);
        await Promise.all(unsure.map(({ rack }) => this.#beat(rack.session_id)));
    }

    /** There is reason to believe that somebody else has it: the server knows. */
    doubt(sessionId: string): void {
        const row = this.#rows.get(sessionId);
        if (row === undefined || !beats(row.rack)) return;
        this.#forgetDeadline(sessionId);
        void this.#beat(sessionId, "server");
    }

    get(sessionId: string): SessionRow | undefined {
        return this.#rows.get(sessionId);
    }

    secondsLeft(sessionId: string): number {
        return this.#left(sessionId) / 1000;
    }

    #left(sessionId: string): number {
        const sure = this.#watches.get(sessionId)?.sure;
        return sure === undefined ? 0 : this.parts.clock.left(sure.since, sure.milliseconds);
    }

    // ---- What the user does

    async claim(rackId: string, choice: { count_id?: string; recount?: boolean; floor?: string }): Promise<HeldRack> {
        for (let tries = 0; ; tries++) {
            const sent = this.parts.clock.moment();
            const request = ++this.#requests;
            try {
                const path = `/api/racks/${encodeURIComponent(rackId)}/claim`;
                const claim = (await this.parts.auth.call(this.parts.userId, { method: "POST", path, body: choice })).data as Claim;
                return await this.#claimed(claim, sent, request);
            } catch (fault) {
                // It may have been made: the same claim gets the same session.
                if (!(fault instanceof NoAnswer) || tries >= 1) throw fault;
            }
        }
    }

    async #claimed(claim: Claim, sent: Moment, request: number): Promise<HeldRack> {
        const { rack_id, session_id, count_id, floor, blind, strict, fence, round } = claim;
        const isSure = !this.#isOvertaken(session_id, request);
        const rack: HeldRack = { rack_id, session_id, count_id, warehouse: null, floor, blind, strict, fence, round, lease: isSure ? "held" : "unconfirmed" };
        await this.#keep(session_id, (row) => {
            const { ended_at: _, ...rest } = row ?? { v: 1 as const, rack };
            // A finish that is on its way stays one, whoever claims the rack meanwhile.
            const finishing = row?.finish === undefined ? {} : { lease: row.rack.lease, ...(row.rack.finish === undefined ? {} : { finish: row.rack.finish }) };
            return { ...rest, rack: { ...rack, warehouse: row?.rack.warehouse ?? null, ...finishing } };
        });
        if (isSure) this.#deadline(session_id, sent, claim.lock_ttl * 1000);
        else void this.#beat(session_id);
        return this.#rack(session_id);
    }

    async pause(sessionId: string): Promise<HeldRack> {
        await this.#rackCall(sessionId, "pause");
        return this.#become(sessionId, { lease: "paused" });
    }

    async resume(sessionId: string): Promise<HeldRack> {
        const sent = this.parts.clock.moment();
        const request = ++this.#requests;
        const answer = await this.#rackCall(sessionId, "resume");
        const isSure = !this.#isOvertaken(sessionId, request);
        await this.#become(sessionId, { lease: isSure ? "held" : "unconfirmed" });
        if (isSure) this.#deadline(sessionId, sent, (answer as { lock_ttl: number }).lock_ttl * 1000);
        else void this.#beat(sessionId);
        return this.#rack(sessionId);
    }

    async release(sessionId: string): Promise<void> {
        await this.#rackCall(sessionId, "release");
        await this.end(sessionId, {});
    }

    async #rackCall(sessionId: string, word: "pause" | "resume" | "release"): Promise<unknown> {
        const { rack_id } = this.#rack(sessionId);
        if (word !== "resume") await this.#doubt(sessionId);
        const path = `/api/racks/${encodeURIComponent(rack_id)}/${word}`;
        try {
            return (await this.parts.auth.call(this.parts.userId, { method: "POST", path, body: { session_id: sessionId } })).data;
        } catch (fault) {
            if (fault instanceof Refused && !fault.later) await this.#refusedBeat(sessionId, fault);
            throw fault;
        } finally {
            if (word !== "resume") await this.#answered(sessionId);
        }
    }

    /** Once such a request is on its way, nobody knows what the rack is until an answer comes: in no tab. */
    async #doubt(sessionId: string): Promise<void> {
        this.#forgetDeadline(sessionId);
        if (!beats(this.#rack(sessionId))) return;
        const leaving_until = this.parts.platform.wall() + 2 * answerTime;
        await this.#keep(sessionId, (row) => {
            const { rack } = whole(row);
            return { ...whole(row), leaving_until, rack: { ...rack, lease: rack.lease === "held" ? "unconfirmed" : rack.lease } };
        });
    }

    async #answered(sessionId: string): Promise<void> {
        this.#forgetDeadline(sessionId);
        if (this.#rows.get(sessionId)?.leaving_until === undefined) return;
        await this.#keep(sessionId, (row) => {
            const { leaving_until: _, ...rest } = whole(row);
            return rest;
        });
    }

    #forgetDeadline(sessionId: string): void {
        const watch = this.#watches.get(sessionId);
        if (watch !== undefined) {
            watch.sure = undefined;
            // Whoever is not sure either must not wait for the heartbeat that was due when this tab still was.
            watch.next = this.parts.clock.now();
        }
        this.#doubts.set(sessionId, ++this.#requests);
    }

    /** Whether something happened since, or is on its way, that an answer to this request knows nothing of. */
    #isOvertaken(sessionId: string, request: number): boolean {
        const row = this.#rows.get(sessionId);
        return (this.#doubts.get(sessionId) ?? 0) > request || (row !== undefined && this.#isLeaving(row));
    }

    #isLeaving({ leaving_until }: SessionRow): boolean {
        const left = (leaving_until ?? 0) - this.parts.platform.wall();
        return left > 0 && left <= 2 * answerTime;
    }

    /** Keeps that the rack is finished; heartbeats go on until that is told. */
    async finish(sessionId: string): Promise<void> {
        this.#rack(sessionId);
        await this.#keep(sessionId, (row) => ({ ...whole(row), finish: {}, rack: { ...whole(row).rack, lease: "finishing", finish: { blocked_by: "unsent" } } }));
    }

    async cancelFinish(sessionId: string): Promise<void> {
        await this.#keep(sessionId, (row) => {
            const { finish: _, ...rest } = whole(row);
            const { finish: __, ...rack } = rest.rack;
            return { ...rest, rack: { ...rack, lease: "unconfirmed" } };
        });
        await this.confirm();
    }

    finishes(): SessionRow[] {
        return [...this.#rows.values()].filter(({ finish }) => finish !== undefined);
    }

    async block(sessionId: string, blocked_by: NonNullable<HeldRack["finish"]>["blocked_by"], sentAgain = false): Promise<void> {
        const now = this.#rows.get(sessionId);
        if (now?.rack.finish?.blocked_by === blocked_by && !sentAgain) return;
        await this.#keep(sessionId, (row) => ({
            ...whole(row),
            finish: sentAgain ? { sent_again: true } : (whole(row).finish ?? {}),
            rack: { ...whole(row).rack, finish: { blocked_by } },
        }));
    }

    /** It is over for this device; its records stay until they have a verdict. */
    async end(sessionId: string, told: { stats?: SessionStats; holder?: NonNullable<HeldRack["holder"]> }): Promise<void> {
        this.#unwatch(sessionId);
        await this.#keep(sessionId, (row) => {
            const { finish: _, ...rest } = whole(row);
            const { finish: __, ...rack } = rest.rack;
            return { ...rest, rack: { ...rack, ...told, lease: "ended" }, ended_at: this.parts.platform.wall() };
        });
    }

    // ---- Heartbeats

    #deadline(sessionId: string, since: Moment, milliseconds: number): void {
        const watch = this.#watch(sessionId);
        watch.sure = { since, milliseconds };
        watch.failures = 0;
        // A phone that slept over the answer knows no more than before.
        this.#schedule(sessionId, this.#left(sessionId) > 0 ? this.parts.heartbeatSeconds() * 1000 : soon);
        this.#passDeadline(sessionId);
    }

    #watch(sessionId: string): Watch {
        let watch = this.#watches.get(sessionId);
        if (watch === undefined) {
            watch = { sure: undefined, callOff: [], next: 0, beating: undefined, failures: 0 };
            this.#watches.set(sessionId, watch);
        }
        return watch;
    }

    #unwatch(sessionId: string): void {
        for (const callOff of this.#watches.get(sessionId)?.callOff ?? []) callOff();
        this.#watches.delete(sessionId);
        this.#doubts.set(sessionId, ++this.#requests);
    }

    /** The next heartbeat, and the moment at which the rack is not sure any more. */
    #schedule(sessionId: string, due: number, patience = 0): void {
        if (this.#closed) return;
        const watch = this.#watch(sessionId);
        for (const callOff of watch.callOff) callOff();
        watch.next = this.parts.clock.now() + due;
        watch.callOff = [this.parts.platform.timer(due + patience, () => void this.#beat(sessionId))];
        const left = this.#left(sessionId);
        if (left > 0 && left < due + patience) watch.callOff.push(this.parts.platform.timer(left + 1, () => this.#passDeadline(sessionId)));
    }

    #passDeadline(sessionId: string): void {
        const row = this.#rows.get(sessionId);
        if (row === undefined || row.rack.lease !== "held" || this.secondsLeft(sessionId) > 0) return;
        this.#rows.set(sessionId, { ...row, rack: { ...row.rack, lease: "unconfirmed" } });
        this.#show();
    }

    /** Out of sight a clock may have stood still: nothing is sure before a heartbeat says so. */
    #comeBack(): void {
        for (const [sessionId, row] of this.#rows) {
            if (!beats(row.rack)) continue;
            const watch = this.#watches.get(sessionId);
            if (watch === undefined) continue;
            this.#forgetDeadline(sessionId);
            this.#passDeadline(sessionId);
            void this.#beat(sessionId, "server");
        }
    }

    /** Hears from the server that the rack is this user's; where another tab heard it, from that one. */
    #beat(sessionId: string, ask: "tabs" | "server" = "tabs"): Promise<void> {
        const watch = this.#watch(sessionId);
        this.#passDeadline(sessionId);
        watch.beating ??= this.#beatInTurn(sessionId, ask)
            .catch((fault: unknown) => this.parts.onFault(fault))
            .finally(() => {
                watch.beating = undefined;
            });
        return watch.beating;
    }

    /** One tab at a time: who waited for his turn asks what came of it. */
    async #beatInTurn(sessionId: string, ask: "tabs" | "server"): Promise<void> {
        const others = this.#others;
        if (others === undefined) return this.#beatOnce(sessionId);
        await this.parts.platform.lock(`stockverify-heartbeat-${sessionId}`, async () => {
            if (ask === "tabs" && (await this.#adopt(sessionId, others))) return;
            await this.#beatOnce(sessionId);
        });
    }

    #known(sessionId: string): KnownLease | undefined {
        const watch = this.#watches.get(sessionId);
        const row = this.#rows.get(sessionId);
        if (watch === undefined || watch.callOff.length === 0 || row === undefined || !beats(row.rack)) return undefined;
        return { left: this.#left(sessionId), due: watch.next - this.parts.clock.now() };
    }

    /** Whether another tab sends this rack's heartbeats: what it knows counts from when it was asked. */
    async #adopt(sessionId: string, others: OtherTabs): Promise<boolean> {
        const asked = this.parts.clock.moment();
        const request = ++this.#requests;
        const known = await others.ask(sessionId);
        if (known === undefined) return false;
        if (this.#isOvertaken(sessionId, request)) {
            this.#schedule(sessionId, soon);
            return true;
        }
        if (known.left > 0) this.#confirmed(sessionId, asked, known.left);
        const due = asked.at + known.due - this.parts.clock.now();
        this.#schedule(sessionId, Math.max(0, due), patience);
        return true;
    }

    async #beatOnce(sessionId: string): Promise<void> {
        const row = this.#rows.get(sessionId);
        if (this.#closed || row === undefined || !beats(row.rack)) return;
        const sent = this.parts.clock.moment();
        const request = ++this.#requests;
        try {
            const path = `/api/sessions/${encodeURIComponent(sessionId)}/heartbeat`;
            const answer = await this.parts.auth.call(this.parts.userId, { method: "POST", path, body: {} });
            if (this.#isOvertaken(sessionId, request)) return this.#schedule(sessionId, soon);
            this.#confirmed(sessionId, sent, (answer.data as { lock_ttl_remaining: number }).lock_ttl_remaining * 1000);
        } catch (fault) {
            if (fault instanceof Refused && !fault.later) await this.#refusedBeat(sessionId, fault);
            else this.#missed(sessionId, fault);
        }
    }

    #confirmed(sessionId: string, since: Moment, milliseconds: number): void {
        const row = this.#rows.get(sessionId);
        if (this.#closed || row === undefined || !beats(row.rack)) return;
        if (row.rack.lease === "unconfirmed") this.#rows.set(sessionId, { ...row, rack: { ...row.rack, lease: "held" } });
        this.#deadline(sessionId, since, milliseconds);
        this.#show();
    }

    #missed(sessionId: string, fault: unknown): void {
        if (this.#closed) return;
        if (!isPassing(fault) && !(fault instanceof LoginNeeded)) this.parts.onFault(fault);
        const watch = this.#watch(sessionId);
        watch.failures += 1;
        const unsettled = fault instanceof Refused && fault.code === "lease_unsettled";
        const asked = fault instanceof Refused ? (fault.retryAfter ?? 0) * 1000 : 0;
        const wait = unsettled ? soon : unanswered * (0.5 + this.parts.platform.random());
        this.#schedule(sessionId, Math.max(asked, Math.min(wait * watch.failures, this.parts.heartbeatSeconds() * 1000)));
        this.#passDeadline(sessionId);
    }

    /** What the server says of a session for good. */
    async #refusedBeat(sessionId: string, fault: Refused): Promise<void> {
        if (fault.code === "lock_lost") return this.lose(sessionId, fault);
        if (fault.code === "session_paused") {
            this.#unwatch(sessionId);
            if (this.#rows.get(sessionId)?.finish === undefined) await this.#become(sessionId, { lease: "paused" });
            return;
        }
        const ended = fault.code === "session_completed" || fault.status === 403 || fault.status === 404;
        if (ended) return this.#endUnlessFinishing(sessionId);
        this.#missed(sessionId, fault);
    }

    /** A finish still has to be told: its answer says how the session ended. */
    async #endUnlessFinishing(sessionId: string): Promise<void> {
        if (this.#rows.get(sessionId)?.finish === undefined) return this.end(sessionId, {});
        this.#unwatch(sessionId);
    }

    async lose(sessionId: string, fault: Refused): Promise<void> {
        this.#unwatch(sessionId);
        if (this.#rows.get(sessionId)?.finish !== undefined) return;
        await this.#become(sessionId, fault.holder === undefined ? { lease: "lost" } : { lease: "lost", holder: fault.holder });
    }

    // ---- Rows

    #rack(sessionId: string): HeldRack {
        const row = this.#rows.get(sessionId);
        if (row === undefined) throw new NotPossible("no_such_session", `this device has no session ${sessionId}`);
        return row.rack;
    }

    async #become(sessionId: string, change: Partial<HeldRack>): Promise<HeldRack> {
        if (change.lease !== "held") this.#unwatch(sessionId);
        return (await this.#keep(sessionId, (row) => ({ ...whole(row), rack: { ...whole(row).rack, ...change } }))).rack;
    }

    /** Writes a session's row from what it is now, also where another tab wrote it. */
    async #keep(sessionId: string, change: (row: SessionRow | undefined) => SessionRow): Promise<SessionRow> {
        for (let attempt = 0; attempt < attempts; attempt++) {
            const stored = await this.parts.database.get("sessions", sessionId);
            const value = change(this.#merged(this.#rows.get(sessionId), stored?.value as SessionRow | undefined));
            const expect: Expected = stored?.stamp ?? null;
            const done = await this.parts.database.write([{ kind: "put", store: "sessions", key: sessionId, stamp: this.parts.platform.uuid(), value, expect }]);
            if (!done) continue;
            this.#rows.set(sessionId, value);
            this.#show();
            this.parts.onWritten();
            return value;
        }
        throw new Error(`session ${sessionId} is being written elsewhere all the time`);
    }

    /** What is written, by whichever tab, with what this tab knows of the lease. */
    #merged(here: SessionRow | undefined, stored: SessionRow | undefined): SessionRow | undefined {
        if (here === undefined || stored === undefined) return stored ?? here;
        return sure(here.rack) && stored.rack.lease === "held" ? { ...stored, rack: { ...stored.rack, lease: here.rack.lease } } : stored;
    }

    /** Another tab claimed, paused, finished: its rows are ours, too. */
    async reread(): Promise<void> {
        for (const { key, value } of await this.parts.database.scan("sessions")) {
            const stored = value as SessionRow;
            const here = this.#rows.get(key);
            if (here === undefined && stored.ended_at !== undefined) continue;
            const row = this.#merged(here, stored) ?? stored;
            this.#rows.set(key, here === undefined && row.rack.lease === "held" ? { ...row, rack: { ...row.rack, lease: "unconfirmed" } } : row);
            if (row.leaving_until !== here?.leaving_until || row.rack.lease === "unconfirmed") this.#forgetDeadline(key);
            if (!beats(row.rack)) this.#unwatch(key);
        }
        this.#show();
        await this.confirm();
    }

    #show(): void {
        if (!this.#closed) this.racks.set([...this.#rows.values()].map(({ rack }) => rack));
    }
}

/** Whether the server is to hear of this rack. */
function beats(rack: HeldRack): boolean {
    return rack.lease === "held" || rack.lease === "unconfirmed" || rack.lease === "finishing";
}

/** Whether only this tab's clock knows more of it. */
function sure(rack: HeldRack): boolean {
    return rack.lease === "held" || rack.lease === "unconfirmed";
}

function whole(row: SessionRow | undefined): SessionRow {
    if (row === undefined) throw new NotPossible("no_such_session", "this device has no such session");
    return row;
}
