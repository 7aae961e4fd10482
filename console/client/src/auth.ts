import type { AuthState, KnownUser } from "./client.js";
import type { ErrorCode, Login } from "./api.js";
import type { SteadyClock } from "./clock.js";
import type { Device } from "./device.js";
import { isPassing, LoginNeeded, NoAnswer, NotPossible, Refused } from "./errors.js";
import { Source } from "./observable.js";
import type { Channel, Platform } from "./platform.js";
import type { Database, Store } from "./store/store.js";
import type { Answer, Call, ReadyBody, Transport } from "./transport.js";

/** An access token is renewed when this much of it is left. */
const renewBefore = 60_000;
/** How long another tab may take to say what it has. */
const askTime = 80;
/** The last contact is written down this often. */
const contactEvery = 60_000;
/** Another tab may renew the login between reading and writing it; not for ever. */
const attempts = 20;

interface Access {
    token: string;
    /** By the steady clock. */
    until: number;
}

/** Who is here, with his database: another one is another visit. */
interface Entered {
    user: KnownUser;
    database: Database;
}

/** What a database keeps of a login whose refresh token no cookie holds. */
interface KeptLogin {
    v: 1;
    refresh_token: string;
    access_token: string;
    /** Wall clock: other processes have other monotonic clocks. */
    access_until: number;
}

type Message =
    | { kind: "token"; user_id: string; token: string; left: number }
    | { kind: "ask"; user_id: string }
    | { kind: "login"; user_id: string }
    | { kind: "logout"; user_id: string };

export interface AuthParts {
    platform: Platform;
    transport: Transport;
    store: Store;
    device: Device;
    clock: SteadyClock;
    cookie: boolean;
    /** Somebody is here, or nobody is any more. Resolves when what he works with is open: only then is he shown. */
    onUser(entered: Entered | null): Promise<void>;
}

export function known(user: KnownUser): KnownUser {
    const { user_id, username, full_name, role, warehouse } = user;
    return { user_id, username, full_name, role, warehouse };
}

/** Who is logged in here, and the tokens to say so. No answer of any kind costs anything but a new login. */
export class Auth {
    readonly state = new Source<AuthState>({ state: "starting" });
    #current: Entered | null = null;
    #access: Access | null = null;
    #renewing: Promise<void> | undefined;
    #contacted = Number.NEGATIVE_INFINITY;
    readonly #channel: Channel | undefined;

    constructor(private readonly parts: AuthParts) {
        this.#channel = parts.platform.channel?.("stockverify-auth", (message) => this.#hear(message as Message));
    }

    close(): void {
        this.#channel?.close();
        this.#current?.database.close();
        this.#current = null;
        this.#access = null;
    }

    // ---- Who is here

    /** `userId`: who goes on without network. */
    async start(userId?: string): Promise<AuthState> {
        await this.tellLogout();
        const last = await this.parts.device.last();
        if (last === undefined || last.logged_out) {
            this.state.set({ state: "logged_out", last: null, until: null, reason: null });
            return this.state.value;
        }
        // The server is asked while what is on the device is opened.
        const { opened } = await this.#come(last.user);
        const renewed = this.#renew(undefined).then(
            () => null,
            (fault: unknown) => ({ fault }),
        );
        await opened;
        const failed = await renewed;
        if (failed !== null && !(await this.#stays(failed.fault, userId))) {
            const { fault } = failed;
            const reason = fault instanceof LoginNeeded && fault.code !== "logged_out" && fault.code !== "other_user" ? fault.code : null;
            await this.#leave(reason);
        }
        return this.state.value;
    }

    /** Whether whoever came stays though nothing was renewed: no answer ends a login. Another tab's token may have come meanwhile. */
    async #stays(fault: unknown, userId: string | undefined): Promise<boolean> {
        if (fault instanceof LoginNeeded) return false;
        const until = await this.parts.device.offlineUntil();
        const user = this.#current?.user;
        if (this.state.value.state === "starting" && user !== undefined && user.user_id === userId && until !== null) this.state.set({ state: "offline", user, until });
        return this.#current !== null && ["logged_in", "offline"].includes(this.state.value.state);
    }

    async login(body: { username: string; password: string } | { username: string; pin: string; device_secret: string }): Promise<KnownUser> {
        await this.tellLogout();
        const sent = this.parts.clock.now();
        const answer = await this.parts.transport.send({
            method: "POST",
            path: "/api/auth/login",
            body: { ...body, device_id: this.parts.device.id },
        });
        const login = answer.data as Login;
        if (login.device_secret !== undefined) await this.parts.device.keepSecret(login.user.username, login.device_secret);
        // The server ended the login of the cookie that this one replaced.
        if (this.parts.cookie) await this.parts.device.logoutTold();
        await this.parts.device.entered(known(login.user));
        const entered = await this.#enter(known(login.user));
        await this.#take(entered, login, sent);
        this.#tell({ kind: "login", user_id: login.user.user_id });
        return known(login.user);
    }

    async loginPin(username: string, pin: string): Promise<KnownUser> {
        const secret = await this.parts.device.secret(username);
        if (secret === undefined) throw new NotPossible("network_needed", "this device knows no PIN of that user: log in with the password first");
        try {
            const user = await this.login({ username, pin, device_secret: secret });
            await this.parts.device.keepPin(username, true);
            return user;
        } catch (fault) {
            // A wrong one, or one that is off until the next password login, is still one.
            if (fault instanceof Refused && fault.code === "credentials_invalid") await this.parts.device.keepPin(username, false);
            throw fault;
        }
    }

    async continueOffline(): Promise<KnownUser> {
        const [last, until] = [await this.parts.device.last(), await this.parts.device.offlineUntil()];
        if (last === undefined || until === null) throw new NotPossible("too_long_ago", "the last contact was too long ago: a login is needed");
        await this.#enter(last.user);
        this.state.set({ state: "offline", user: last.user, until });
        return last.user;
    }

    /** Ends the login here at once. The server is told now, or when there is a network; until then nothing refreshes. */
    async logout(): Promise<void> {
        const current = this.#current;
        if (current === null) return;
        await this.#renewing?.catch(() => undefined);
        const access = this.#access;
        await this.#endHere(current);
        this.#tell({ kind: "logout", user_id: current.user.user_id });
        await this.#leave(null);
        await this.tellLogout(access ?? undefined);
    }

    /** The logout has the newest refresh token: one that was renewed meanwhile is no other's to spend. */
    async #endHere({ user, database }: Entered): Promise<void> {
        for (let attempt = 0; attempt < attempts; attempt++) {
            const row = await database.get("state", "login");
            const kept = row?.value as KeptLogin | undefined;
            await this.parts.device.logOut({ v: 1, user_id: user.user_id, refresh_token: kept?.refresh_token ?? null });
            if (await database.write([{ kind: "delete", store: "state", key: "login", expect: row?.stamp ?? null }])) return;
        }
        throw new Error("the login is being renewed elsewhere all the time");
    }

    /** Tells the server of a logout that happened without network; whether nothing is left to tell. */
    async tellLogout(access?: Access): Promise<boolean> {
        const pending = await this.parts.device.pendingLogout();
        if (pending === undefined) return true;
        try {
            await this.parts.platform.lock(`stockverify-refresh-${pending.user_id}`, async () => {
                const token = access !== undefined && access.until > this.parts.clock.now() ? access.token : await this.#tokenToLogOut(pending.user_id);
                if (token !== undefined) await this.parts.transport.send({ method: "POST", path: "/api/auth/logout", body: {}, token });
            });
        } catch (fault) {
            if (!(fault instanceof Refused) || fault.later) return false;
        }
        await this.parts.device.logoutTold();
        return true;
    }

    /** `undefined`: the login is another's, or ended by itself. */
    async #tokenToLogOut(userId: string): Promise<string | undefined> {
        const pending = await this.parts.device.pendingLogout();
        if (pending === undefined || (!this.parts.cookie && pending.refresh_token === null)) return undefined;
        const body = pending.refresh_token === null ? {} : { refresh_token: pending.refresh_token };
        const login = (await this.parts.transport.send({ method: "POST", path: "/api/auth/refresh", body })).data as Login;
        if (login.user.user_id !== userId) return undefined;
        if (!this.parts.cookie) await this.parts.device.keepPendingLogout({ ...pending, refresh_token: login.refresh_token ?? null });
        return login.access_token;
    }

    async #enter(user: KnownUser): Promise<Entered> {
        const { entered, opened } = await this.#come(user);
        await opened;
        return entered;
    }

    /** `opened`: resolves when what he works with is open. */
    async #come(user: KnownUser): Promise<{ entered: Entered; opened: Promise<void> }> {
        if (this.#current?.user.user_id === user.user_id) {
            this.#current.user = user;
            return { entered: this.#current, opened: Promise.resolve() };
        }
        const database = await this.parts.store.open(`user-${user.user_id}`);
        const before = this.#current;
        const entered: Entered = { user, database };
        this.#current = entered;
        this.#access = null;
        this.#renewing = undefined;
        const opened = this.parts.onUser(entered).then(() => before?.database.close());
        return { entered, opened };
    }

    async #leave(reason: ErrorCode | null): Promise<void> {
        const before = this.#current;
        this.#current = null;
        this.#access = null;
        this.#renewing = undefined;
        if (before !== null) {
            await this.parts.onUser(null);
            before.database.close();
        }
        const last = await this.parts.device.last();
        const until = reason === null ? await this.parts.device.offlineUntil() : null;
        this.state.set({ state: "logged_out", last: last === undefined || last.logged_out ? null : last.user, until, reason });
    }

    /** The login of whoever this is about ended; nobody else's. */
    #ended(entered: Entered | null, reason: ErrorCode): LoginNeeded {
        if (entered !== null && entered === this.#current) {
            this.#access = null;
            this.state.set({ state: "expired", user: entered.user, reason });
        }
        return new LoginNeeded(reason);
    }

    // ---- Tokens

    async #keptLogin(database: Database): Promise<KeptLogin | undefined> {
        return (await database.get("state", "login"))?.value as KeptLogin | undefined;
    }

    /** The new refresh token is kept before the access token beside it is used. */
    async #take(current: Entered, login: Login, sent: number): Promise<void> {
        const until = sent + login.expires_in * 1000;
        // Where a cookie has it, there is none in the answer.
        if (!this.parts.cookie && login.refresh_token !== undefined) {
            const kept: KeptLogin = {
                v: 1,
                refresh_token: login.refresh_token,
                access_token: login.access_token,
                access_until: this.parts.platform.wall() + login.expires_in * 1000,
            };
            await current.database.write([{ kind: "put", store: "state", key: "login", stamp: this.parts.platform.uuid(), value: kept }]);
        }
        current.user = known(login.user);
        await this.#contact(true);
        this.#use(current, { token: login.access_token, until });
        this.#tell({ kind: "token", user_id: current.user.user_id, token: login.access_token, left: until - this.parts.clock.now() });
    }

    /** Tokens are whose they are: who came meanwhile gets none of them. */
    #use(entered: Entered, access: Access): void {
        if (this.#current !== entered) return;
        this.#access = access;
        this.state.set({ state: "logged_in", user: entered.user });
    }

    async #contact(now: boolean): Promise<void> {
        const at = this.parts.clock.now();
        if (this.#current === null || (!now && at - this.#contacted < contactEvery)) return;
        this.#contacted = at;
        // A device without room for it has less time without network; what came is still an answer.
        await this.parts.device.contact(this.#current.user).catch(() => undefined);
    }

    /** Renews the access token, once for whoever asks meanwhile. `stale`: one that the server refused. */
    #renew(stale: string | undefined): Promise<void> {
        if (this.#renewing !== undefined) return this.#renewing;
        const renewing = this.#renewAlone(stale).finally(() => {
            if (this.#renewing === renewing) this.#renewing = undefined;
        });
        this.#renewing = renewing;
        return renewing;
    }

    async refresh(): Promise<void> {
        const last = await this.parts.device.last();
        if (this.#current === null && last !== undefined && !last.logged_out) await this.#enter(last.user);
        await this.#renew(this.#access?.token);
    }

    async #renewAlone(stale: string | undefined): Promise<void> {
        const current = this.#current;
        if (current === null) throw new LoginNeeded("logged_out");
        await this.parts.platform.lock(`stockverify-refresh-${current.user.user_id}`, async () => {
            const pending = await this.parts.device.pendingLogout();
            if (pending?.user_id === current.user.user_id) throw new LoginNeeded("logged_out");
            if (await this.#adopt(current, stale)) return;
            await this.#spend(current);
        });
    }

    /** What another tab or process renewed meanwhile. */
    async #adopt(current: Entered, stale: string | undefined): Promise<boolean> {
        if (this.parts.cookie) {
            if (this.#channel === undefined) return false;
            const isNew = (): boolean => this.#current === current && this.#access !== null && this.#access.token !== stale && this.#access.until - this.parts.clock.now() > renewBefore;
            // It may have come while this tab waited for its turn.
            if (isNew()) return true;
            if ((await this.parts.platform.isAlone?.()) === true) return false;
            this.#tell({ kind: "ask", user_id: current.user.user_id });
            await new Promise<void>((resolve) => void this.parts.platform.timer(askTime, resolve));
            return isNew();
        }
        const kept = await this.#keptLogin(current.database);
        const left = (kept?.access_until ?? 0) - this.parts.platform.wall();
        if (kept === undefined || kept.access_token === stale || left <= renewBefore) return false;
        this.#use(current, { token: kept.access_token, until: this.parts.clock.now() + left });
        return true;
    }

    async #spend(current: Entered): Promise<void> {
        let token = this.parts.cookie ? null : ((await this.#keptLogin(current.database))?.refresh_token ?? null);
        if (token === null && !this.parts.cookie) throw this.#ended(current, "token_missing");
        for (;;) {
            try {
                const sent = this.parts.clock.now();
                const answer = await this.parts.transport.send({
                    method: "POST",
                    path: "/api/auth/refresh",
                    body: token === null ? {} : { refresh_token: token },
                });
                return await this.#takeRefreshed(current, answer.data as Login, sent);
            } catch (fault) {
                if (!(fault instanceof Refused) || fault.status !== 401) throw fault;
                // A process without a common lock was quicker: its successor is kept by now.
                const kept = this.parts.cookie ? null : ((await this.#keptLogin(current.database))?.refresh_token ?? null);
                if (kept === token) throw this.#ended(current, fault.code);
                token = kept;
            }
        }
    }

    async #takeRefreshed(current: Entered, login: Login, sent: number): Promise<void> {
        if (this.#current !== current) throw new LoginNeeded("logged_out");
        if (login.user.user_id !== current.user.user_id) {
            this.#lock();
            throw new LoginNeeded("other_user");
        }
        await this.#take(current, login, sent);
    }

    /** The browser's login is another's: nothing is sent from here any more. */
    #lock(): void {
        this.#access = null;
        if (this.#current !== null) this.state.set({ state: "locked", user: this.#current.user });
    }

    #admit(userId: string): void {
        const state = this.state.value;
        if (this.#current === null) throw new LoginNeeded("logged_out");
        if (this.#current.user.user_id !== userId || state.state === "locked") throw new LoginNeeded("other_user");
        if (state.state === "expired") throw new LoginNeeded(state.reason);
    }

    async #token(userId: string): Promise<string> {
        this.#admit(userId);
        const left = (this.#access?.until ?? 0) - this.parts.clock.now();
        if (this.#access !== null && left > renewBefore) return this.#access.token;
        try {
            await this.#renew(this.#access?.token);
        } catch (fault) {
            if (!isPassing(fault) || left <= 0) throw fault;
        }
        // Another may have come while that took its time.
        this.#admit(userId);
        if (this.#access === null) throw new LoginNeeded("logged_out");
        return this.#access.token;
    }

    // ---- Calls

    /** Sends a call of this user's and of nobody else's. */
    async call(userId: string, call: Call): Promise<Answer> {
        return this.#authorized(userId, (token) => this.parts.transport.send({ ...call, token }));
    }

    /** A body that is made ready before it is known when it is sent. */
    ready(body: unknown): Promise<ReadyBody> {
        return this.parts.transport.ready(body);
    }

    async file(userId: string, call: Call): Promise<Response> {
        return this.#authorized(userId, (token) => this.parts.transport.file({ ...call, token }));
    }

    /** A stream that lives until `signal` says otherwise. */
    async stream(userId: string, call: Call, signal: AbortSignal): Promise<Response> {
        return this.#authorized(userId, async (token) => {
            const response = await this.parts.transport.open({ ...call, token }, signal);
            if (response.status === 401) throw new Refused(401, await codeOf(response), "the stream was refused", [], undefined, undefined, undefined);
            return response;
        });
    }

    async #authorized<T>(userId: string, send: (token: string) => Promise<T>): Promise<T> {
        for (let tries = 0; ; tries++) {
            const token = await this.#token(userId);
            try {
                const answer = await send(token);
                await this.#contact(false);
                return answer;
            } catch (fault) {
                if (!(fault instanceof Refused) || fault.status !== 401) throw fault;
                await this.#refusedToken(token, fault.code, tries);
            }
        }
    }

    /** Returns when the call may be made once more. */
    async #refusedToken(token: string, code: ErrorCode, tries: number): Promise<void> {
        const renewed = this.#access !== null && this.#access.token !== token;
        if (renewed && tries < 2) return;
        if (code === "token_expired" && tries < 2) return this.#renew(token);
        throw this.#ended(this.#access?.token === token ? this.#current : null, code);
    }

    // ---- Other tabs

    #tell(message: Message): void {
        // Access tokens go from tab to tab in memory only, and only where no store shares them.
        if (message.kind === "token" && !this.parts.cookie) return;
        this.#channel?.send(message);
    }

    #hear(message: Message): void {
        if (this.#current === null) return;
        const user = this.#current.user.user_id;
        if (message.kind === "login" && message.user_id !== user) return this.#lock();
        if (message.user_id !== user) return;
        // The same user logged in anew elsewhere: what it got is found by a refresh.
        if (message.kind === "login" && this.state.value.state !== "logged_in") return void this.#renew(undefined).catch(() => undefined);
        if (message.kind === "logout") return void this.#leave(null);
        if (message.kind === "ask" && this.#access !== null) {
            const left = this.#access.until - this.parts.clock.now();
            if (left > renewBefore) this.#tell({ kind: "token", user_id: user, token: this.#access.token, left });
        }
        if (message.kind === "token" && message.left > renewBefore && this.state.value.state !== "locked") {
            this.#use(this.#current, { token: message.token, until: this.parts.clock.now() + message.left });
        }
    }
}

async function codeOf(response: Response): Promise<ErrorCode> {
    try {
        const body = JSON.parse(await response.text()) as { error?: { code?: ErrorCode } };
        return body.error?.code ?? "token_invalid";
    } catch {
        throw new NoAnswer("a 401 that is not the server's");
    }
}
