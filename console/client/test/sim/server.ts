import type { Record } from "../../src/api.js";
import { began, type World } from "./world.js";

/** What a test may change of the server. */
export interface Settings {
    batchSize: number;
    accessSeconds: number;
    lockSeconds: number;
    pauseSeconds: number;
    /** How often it says 503 or 429. */
    busy: number;
}

interface Login {
    user: string;
    refresh: string;
    before: string | undefined;
    usedAt: number | undefined;
    ended: boolean;
}

interface Session {
    id: string;
    user: string;
    rack: string;
    since: number;
    state: "active" | "paused" | "completed";
    until: number;
    /** Somebody else claimed the rack meanwhile: it never comes back to this session. */
    displaced?: true;
    completed?: object;
}

export interface Stored {
    record: Record;
    user: string;
}

/** Milliseconds for which a refresh token's predecessor is no theft even though its successor was used. */
const reuseGrace = 10_000;

class Fault extends Error {
    constructor(
        readonly status: number,
        readonly code: string,
        readonly more: object = {},
    ) {
        super(code);
    }
}

/** Enough of StockVerify to hold a client to the protocol: one rule a line, no more forgiving than the server is. */
export class Server {
    readonly stored = new Map<string, Stored>();
    readonly conflicts = new Map<string, { conflict_id: string; record: Record; user: string }>();
    /** Every record that came, with who sent it. */
    readonly senders = new Map<string, Set<string>>();
    readonly lines = new Map<string, { session_id: string }>();
    readonly unknown = new Map<string, object>();
    readonly photos = new Map<string, number>();
    readonly completions: { session: string; records: number; stored: number }[] = [];
    reuses = 0;
    heartbeats = 0;
    refreshes = 0;
    batches = 0;
    /** Item codes and what becomes of their records. */
    readonly verdicts = new Map<string, "refused" | "later">();
    readonly #logins: Login[] = [];
    readonly #access = new Map<string, { login: Login; beside: string; until: number }>();
    readonly #sessions = new Map<string, Session>();
    readonly #holders = new Map<string, string>();
    #made = 0;
    #requests = 0;

    constructor(
        private readonly world: World,
        readonly settings: Settings = { batchSize: 5, accessSeconds: 900, lockSeconds: 60, pauseSeconds: 1_800, busy: 0 },
    ) {}

    #id(what: string): string {
        this.#made += 1;
        return `${what}-${this.#made}`;
    }

    answer(url: string, init: RequestInit): Response {
        this.#requests += 1;
        try {
            if (this.world.chance(this.settings.busy)) throw new Fault(this.world.chance(0.5) ? 503 : 429, "busy", { retryAfter: 3 });
            const body = typeof init.body === "string" ? (JSON.parse(init.body) as { [name: string]: unknown }) : {};
            const data = this.#route(init.method ?? "GET", new URL(url, "http://server"), body, init);
            return this.#said(200, { success: true, data, error: null, message: "OK", request_id: "r" }, {});
        } catch (fault) {
            if (!(fault instanceof Fault)) throw fault;
            const { retryAfter, ...more } = fault.more as { retryAfter?: number };
            const error = { code: fault.code, message: fault.code, details: [], ...more };
            const headers: { [name: string]: string } = retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) };
            return this.#said(fault.status, { success: false, data: null, error, message: fault.code, request_id: "r" }, headers);
        }
    }

    #said(status: number, body: object, headers: { [name: string]: string }): Response {
        return new Response(JSON.stringify(body), { status, headers: { Date: new Date(began + this.world.now).toUTCString(), ...headers } });
    }

    #route(method: string, url: URL, body: { [name: string]: unknown }, init: RequestInit): unknown {
        const path = url.pathname;
        if (path === "/api/auth/login") return this.#logIn(String(body["username"]));
        if (path === "/api/auth/refresh") return this.#refresh(String(body["refresh_token"]));
        const user = this.#user(new Headers(init.headers).get("Authorization"));
        if (path === "/api/auth/logout") return this.#logOut(new Headers(init.headers).get("Authorization"));
        const parts = path.split("/").slice(2).map(decodeURIComponent);
        if (path === "/api/config") return { sync_batch_size: this.settings.batchSize, heartbeat_seconds: 25, server_time: new Date(began + this.world.now).toISOString() };
        if (path === "/api/racks/user/active") return this.#active(user);
        if (parts[0] === "racks" && parts[2] === "claim") return this.#claim(user, parts[1] ?? "");
        if (parts[0] === "racks") return this.#move(user, String(body["session_id"]), parts[2] ?? "");
        if (parts[0] === "sessions" && parts[2] === "heartbeat") return this.#heartbeat(user, parts[1] ?? "");
        if (parts[0] === "sessions" && parts[2] === "complete") return this.#complete(user, parts[1] ?? "", body["records"]);
        if (path === "/api/sync/batch") return this.#batch(user, body["records"] as Record[]);
        if (path === "/api/sync/conflicts") return { items: [], next_cursor: null };
        if (path === "/api/count-lines") return this.#lines(body as { session_id: string; lines: { line_id: string }[] });
        if (path === "/api/unknown-items") return this.unknown.set(String(body["unknown_item_id"]), body), body;
        if (method === "PUT" && parts[0] === "photos") return this.photos.set(parts[1] ?? "", (init.body as Uint8Array).length), {};
        throw new Fault(404, "not_found");
    }

    // ---- Logins: a refresh token is spent once; its predecessor gets the same again until that was used

    #logIn(username: string): object {
        const login: Login = { user: username, refresh: this.#id("refresh"), before: undefined, usedAt: undefined, ended: false };
        this.#logins.push(login);
        return this.#tokens(login);
    }

    #tokens(login: Login): object {
        const access = this.#id("access");
        this.#access.set(access, { login, beside: login.refresh, until: this.world.now + this.settings.accessSeconds * 1000 });
        const user = { user_id: login.user, username: login.user, full_name: login.user, role: "staff", warehouse: "W1", permissions: [] };
        return { access_token: access, refresh_token: login.refresh, token_type: "bearer", expires_in: this.settings.accessSeconds, user };
    }

    #refresh(token: string): object {
        this.refreshes += 1;
        const login = this.#logins.find((each) => each.refresh === token || each.before === token);
        if (login === undefined || login.ended) {
            if (login === undefined) this.reuses += 1;
            throw new Fault(401, login === undefined ? "token_reused" : "token_revoked");
        }
        if (login.before === token) {
            if (login.usedAt === undefined || this.world.now - login.usedAt < reuseGrace) return this.#tokens(login);
            this.reuses += 1;
            login.ended = true;
            throw new Fault(401, "token_reused");
        }
        login.before = token;
        login.refresh = this.#id("refresh");
        login.usedAt = undefined;
        return this.#tokens(login);
    }

    #user(header: string | null): string {
        const access = this.#access.get((header ?? "").slice("Bearer ".length));
        if (access === undefined) throw new Fault(401, "token_invalid");
        if (access.login.ended) throw new Fault(401, "token_revoked");
        if (access.until <= this.world.now) throw new Fault(401, "token_expired");
        if (access.beside === access.login.refresh) access.login.usedAt ??= this.world.now;
        return access.login.user;
    }

    #logOut(header: string | null): object {
        const access = this.#access.get((header ?? "").slice("Bearer ".length));
        if (access !== undefined) access.login.ended = true;
        return { revoked: 1 };
    }

    isLoggedIn(user: string): boolean {
        return this.#logins.some((login) => login.user === user && !login.ended);
    }

    // ---- Racks: whoever claims a lapsed one has it

    #lives(session: Session): boolean {
        return session.state !== "completed" && session.until > this.world.now;
    }

    /** Whose session the rack carries. */
    holder(rack: string): string | undefined {
        return this.#holders.get(rack);
    }

    claimedAt(rack: string): number {
        return this.#sessions.get(this.#holders.get(rack) ?? "")?.since ?? 0;
    }

    sessionOf(id: string): Session | undefined {
        return this.#sessions.get(id);
    }

    #claim(user: string, rack: string): object {
        const held = this.#sessions.get(this.#holders.get(rack) ?? "");
        if (held !== undefined && held.user === user && held.state !== "completed") {
            held.state = "active";
            held.until = this.world.now + this.settings.lockSeconds * 1000;
            return this.#claimed(held, true);
        }
        if (held !== undefined && this.#lives(held)) throw new Fault(409, "rack_locked", { holder: this.#who(held) });
        if (held !== undefined) held.displaced = true;
        const session: Session = { id: this.#id(`session-${user}`), user, rack, since: this.world.now, state: "active", until: this.world.now + this.settings.lockSeconds * 1000 };
        this.#sessions.set(session.id, session);
        this.#holders.set(rack, session.id);
        return this.#claimed(session, false);
    }

    #claimed({ id, rack }: Session, resumed: boolean): object {
        return { rack_id: rack, session_id: id, count_id: "c1", blind: false, strict: false, floor: "F1", lock_ttl: this.settings.lockSeconds, fence: 1, round: 1, resumed };
    }

    /** Somebody else, on a device that is not simulated. */
    takeOver(user: string, rack: string): void {
        try {
            this.#claim(user, rack);
        } catch (fault) {
            if (!(fault instanceof Fault)) throw fault;
        }
    }

    #who(session: Session): object {
        return { user_id: session.user, full_name: session.user, session_id: session.id, since: null, lock_ttl: 0 };
    }

    /** The user's session, on a rack that still carries it. */
    #own(user: string, id: string): Session {
        const session = this.#sessions.get(id);
        if (session === undefined) throw new Fault(404, "not_found");
        if (session.user !== user) throw new Fault(403, "forbidden");
        const holder = this.#sessions.get(this.#holders.get(session.rack) ?? "");
        if (holder !== undefined && holder !== session) throw new Fault(409, "lock_lost", { holder: this.#who(holder) });
        if (session.displaced === true) throw new Fault(409, "lock_lost");
        return session;
    }

    #heartbeat(user: string, id: string): object {
        this.heartbeats += 1;
        const session = this.#own(user, id);
        if (session.state !== "active") throw new Fault(409, session.state === "paused" ? "session_paused" : "session_completed");
        session.until = this.world.now + this.settings.lockSeconds * 1000;
        return { session_id: id, rack_lock_renewed: true, user_presence_updated: true, lock_ttl_remaining: this.settings.lockSeconds };
    }

    #move(user: string, id: string, word: string): object {
        const session = this.#own(user, id);
        if (session.state === "completed" && word !== "release") throw new Fault(409, "session_completed");
        session.state = word === "pause" ? "paused" : word === "resume" ? "active" : "completed";
        session.until = this.world.now + 1000 * (word === "pause" ? this.settings.pauseSeconds : this.settings.lockSeconds);
        if (word === "release") this.#holders.delete(session.rack);
        return { rack_id: session.rack, session_id: id, status: session.state, lock_ttl: word === "release" ? 0 : this.settings.lockSeconds };
    }

    #active(user: string): object[] {
        return [...this.#holders.values()].flatMap((id) => {
            const session = this.#sessions.get(id);
            if (session === undefined || session.user !== user || session.state === "completed") return [];
            const { rack, state } = session;
            return [{ rack_id: rack, warehouse: "W1", floor: "F1", zone: null, status: state === "paused" ? "paused" : "claimed", session_id: id, count_id: "c1", blind: false, strict: false, fence: 1, started_at: "", lock_ttl: 0 }];
        });
    }

    #complete(user: string, id: string, records: unknown): object {
        const session = this.#sessions.get(id);
        if (session?.completed !== undefined && session.user === user) return session.completed;
        const own = this.#own(user, id);
        const stored = [...this.stored.values()].filter(({ record }) => record.session_id === id).length;
        if (typeof records === "number" && stored < records) throw new Fault(409, "records_missing");
        this.completions.push({ session: id, records: Number(records), stored });
        own.state = "completed";
        own.completed = { session_id: id, total_items: stored, verified_items: stored, damage_items: 0, pending_items: 0, duration_seconds: 1, items_per_minute: 1 };
        return own.completed;
    }

    // ---- Records

    #batch(user: string, records: readonly Record[]): object {
        this.batches += 1;
        if (records.length > this.settings.batchSize) throw new Fault(422, "batch_too_large");
        const ok: string[] = [];
        const conflicts: object[] = [];
        const errors: object[] = [];
        for (const [index, record] of records.entries()) {
            const id = record.client_record_id;
            this.senders.set(id, (this.senders.get(id) ?? new Set()).add(user));
            const verdict = this.#judge(user, record);
            if (verdict === "ok") ok.push(id);
            else if (verdict === "refused") errors.push({ client_record_id: id, index, field: "verified_qty", code: "out_of_range", message: "no" });
            else if (verdict === "later") errors.push({ client_record_id: id, index, field: "", code: "conflict_not_kept", message: "later", retry: true });
            else conflicts.push({ client_record_id: id, conflict_id: this.#conflict(user, record), type: verdict, message: verdict });
        }
        return { ok, conflicts, errors, batch_id: "b", processing_time_ms: 1, total_records: records.length };
    }

    #conflict(user: string, record: Record): string {
        const key = `${record.client_record_id}/${record.revision}`;
        const found = this.conflicts.get(key) ?? { conflict_id: this.#id("conflict"), record, user };
        this.conflicts.set(key, found);
        return found.conflict_id;
    }

    #judge(user: string, record: Record): "ok" | "refused" | "later" | "foreign_record" | "stale_update" | "lock_lost" {
        const rule = this.verdicts.get(record.item_code ?? "");
        if (rule === "refused") return "refused";
        if (rule === "later") {
            this.verdicts.delete(record.item_code ?? "");
            return "later";
        }
        const before = this.stored.get(record.client_record_id);
        if (before !== undefined && before.user !== user) return "foreign_record";
        if (before !== undefined && JSON.stringify(before.record) === JSON.stringify(record)) return "ok";
        if (before !== undefined && (before.record.revision ?? 0) >= (record.revision ?? 0)) return "stale_update";
        const session = this.#sessions.get(record.session_id);
        if (session === undefined) return "refused";
        if (session.user !== user || this.#holders.get(session.rack) !== session.id) return "lock_lost";
        this.stored.set(record.client_record_id, { record, user });
        return "ok";
    }

    #lines({ session_id, lines }: { session_id: string; lines: { line_id: string }[] }): object {
        for (const { line_id } of lines) this.lines.set(line_id, { session_id });
        return { ok: lines.map(({ line_id }) => line_id), errors: [] };
    }
}
