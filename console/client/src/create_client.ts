import type { CallOf, Config, Conflict, DataOf, Method, PathOf, Record } from "./api.js";
import { Auth } from "./auth.js";
import { backoffDelay } from "./backoff.js";
import type { AuthState, Client, ClientOptions, HeldRack, KnownUser, LookUp, NewUnknownItem, PulledRack, PullProgress, QueueState, RackItem } from "./client.js";
import { SteadyClock } from "./clock.js";
import { Desk } from "./desk.js";
import { Device } from "./device.js";
import { ClockWatch, type DeviceClock } from "./device_clock.js";
import { isPassing, LoginNeeded, NotPossible } from "./errors.js";
import { type EventListener, type EventTopic, listenToEvents } from "./events.js";
import { type Observable, Source } from "./observable.js";
import type { ConflictAction, ConflictChoice, DeviceConflict, DeviceRecord, FigureChanges, NewFigure, NewLine } from "./record.js";
import type { RescueFile } from "./rescue.js";
import { Settings } from "./settings.js";
import type { Database } from "./store/store.js";
import { emptyQueue } from "./sync.js";
import { pathOf, type QueryValue, Transport } from "./transport.js";

/** Makes a client; nothing is read or sent before `start()`. */
export function createClient(options: ClientOptions): Client {
    return new StockClient(options);
}

class StockClient implements Client {
    readonly auth = new Source<AuthState>({ state: "starting" });
    readonly queue = new Source<QueueState>(emptyQueue);
    readonly racks = new Source<readonly HeldRack[]>([]);
    readonly changes = new Source(0);
    readonly #settings: Settings;
    readonly #clock: SteadyClock;
    readonly #watch: ClockWatch;
    #login: Auth | undefined;
    #device: Device | undefined;
    #desk: Promise<Desk> | undefined;
    #opened: Desk | undefined;
    #user: KnownUser | undefined;
    #stop: (() => void)[] = [];
    readonly #streams = new Set<() => void>();
    #closed = false;
    #untell: (() => void) | undefined;
    #loggedIn = false;

    constructor(private readonly options: ClientOptions) {
        this.#clock = new SteadyClock(options.platform);
        this.#watch = new ClockWatch(options.platform, this.#clock);
        this.#settings = new Settings(options.platform, options.app?.version);
    }

    get config(): Observable<Config | null> {
        return this.#settings.config;
    }

    get updateNeeded(): Observable<boolean> {
        return this.#settings.updateNeeded;
    }

    get clock(): Observable<DeviceClock> {
        return this.#watch.state;
    }

    readonly #onFault = (fault: unknown): void => this.options.onFault?.(fault);

    // ---- Beginning and end

    async start(userId?: string): Promise<AuthState> {
        const { platform, store, baseUrl, cookie = false } = this.options;
        this.#device = await Device.open(store, platform);
        const transport = new Transport(platform, baseUrl, cookie, this.#watch);
        this.#login = new Auth({ platform, transport, store, device: this.#device, clock: this.#clock, cookie, onUser: (entered) => this.#onUser(entered) });
        const state = await this.#login.start(userId);
        // Only what is settled is shown: nobody sees a login that is being looked for.
        this.#stop.push(this.#login.state.subscribe((now) => this.#onAuth(now)));
        this.#stop.push(platform.lifecycle.onOnline(() => void this.#tellLogout(0)));
        void this.#tellLogout(0);
        const desk = await this.#desk;
        if (state.state === "offline") desk?.sync.wake();
        return state;
    }

    async close(): Promise<void> {
        this.#closed = true;
        for (const stop of [...this.#stop.splice(0), ...this.#streams]) stop();
        this.#tellLater();
        (await this.#desk?.catch(() => undefined))?.close();
        this.#desk = undefined;
        this.#login?.close();
        this.#device?.close();
    }

    #onAuth(state: AuthState): void {
        const before = this.#loggedIn;
        this.#loggedIn = state.state === "logged_in";
        this.auth.set(state);
        if (this.#loggedIn && !before) void this.#begin().catch(this.#onFault);
    }

    /** A user's desk is opened as he comes, with or without network, and cleared away when another does. */
    async #onUser(entered: { user: KnownUser; database: Database } | null): Promise<void> {
        const before = this.#desk;
        void before?.then((desk) => desk.close()).catch(this.#onFault);
        this.#user = entered?.user;
        this.#opened = undefined;
        this.#loggedIn = false;
        if (entered === null) {
            this.#desk = undefined;
            this.queue.set(emptyQueue);
            this.racks.set([]);
            return;
        }
        this.#desk = this.#openDesk(entered.user, entered.database);
        await this.#desk.catch(this.#onFault);
    }

    async #openDesk(user: KnownUser, database: Database): Promise<Desk> {
        const settings = this.#settings;
        await settings.open(database);
        const desk = await Desk.open({
            platform: this.options.platform,
            clock: this.#clock,
            auth: this.#auth,
            database,
            user,
            settings: { batchSize: () => settings.batchSize(), heartbeatSeconds: () => settings.heartbeatSeconds() },
            onFault: this.#onFault,
            onOtherTab: () => this.changes.set(this.changes.value + 1),
        });
        if (this.#user === user) this.#opened = desk;
        const isHere = (): boolean => this.#user?.user_id === user.user_id;
        desk.sync.state.subscribe((state) => isHere() && this.queue.set(state));
        desk.leases.racks.subscribe((racks) => isHere() && this.racks.set(racks));
        return desk;
    }

    /** After a login or a refresh: what the app must know, which racks are held, then what is on the device is sent. */
    async #begin(): Promise<void> {
        const user = this.#user;
        const desk = await this.#desk;
        if (user === undefined || desk === undefined) return;
        const database = desk.database;
        for (const step of [() => this.#settings.ask(this.#auth, user.user_id, database), () => desk.leases.find(), () => desk.conflicts.check(), () => desk.tidy()]) {
            try {
                await step();
            } catch (fault) {
                if (!isPassing(fault) && !(fault instanceof LoginNeeded)) this.#onFault(fault);
            }
        }
        desk.sync.wake();
    }

    async #tellLogout(failures: number): Promise<void> {
        this.#tellLater();
        if (this.#login === undefined || (await this.#login.tellLogout().catch(() => false)) || this.#closed) return;
        const wait = backoffDelay(failures + 1, undefined, this.options.platform.random);
        this.#tellLater(wait, failures + 1);
    }

    /** In so many milliseconds, or not: once, however often the network seemed to be back meanwhile. */
    #tellLater(wait?: number, failures = 0): void {
        this.#untell?.();
        this.#untell = wait === undefined ? undefined : this.options.platform.timer(wait, () => void this.#tellLogout(failures));
    }

    // ---- Who is here

    get #auth(): Auth {
        if (this.#login === undefined) throw new NotPossible("not_logged_in", "start() comes first");
        return this.#login;
    }

    get #userId(): string {
        if (this.#user === undefined) throw new LoginNeeded("logged_out");
        return this.#user.user_id;
    }

    /** The desk of whoever is shown: while another's login is under way nothing goes into the wrong hands. */
    async #at(): Promise<Desk> {
        const shown = this.#auth.state.value;
        if (this.#desk === undefined || !("user" in shown) || shown.user.user_id !== this.#user?.user_id) throw new LoginNeeded("logged_out");
        return this.#desk;
    }

    async login(username: string, password: string): Promise<KnownUser> {
        const user = await this.#auth.login({ username, password });
        await this.#at();
        return user;
    }

    async loginPin(username: string, pin: string): Promise<KnownUser> {
        const user = await this.#auth.loginPin(username, pin);
        await this.#at();
        return user;
    }

    async setPin(currentPassword: string, pin: string): Promise<void> {
        await this.#auth.call(this.#userId, { method: "PUT", path: "/api/auth/pin", body: { current_password: currentPassword, pin } });
        await this.#device?.keepPin(this.#user?.username ?? "", true);
    }

    async canUsePin(username: string): Promise<boolean> {
        return (await this.#device?.hasPin(username)) === true;
    }

    async continueOffline(): Promise<KnownUser> {
        const user = await this.#auth.continueOffline();
        (await this.#at()).sync.wake();
        return user;
    }

    async logout(): Promise<void> {
        await this.#auth.logout();
        void this.#tellLogout(0);
    }

    refresh(): Promise<void> {
        return this.#auth.refresh();
    }

    // ---- Racks

    async claim(rackId: string, choice: { count_id?: string; recount?: boolean; floor?: string } = {}): Promise<HeldRack> {
        return (await this.#at()).leases.claim(rackId, choice);
    }

    async resume(sessionId: string): Promise<HeldRack> {
        return (await this.#at()).leases.resume(sessionId);
    }

    async pause(sessionId: string): Promise<HeldRack> {
        return (await this.#at()).leases.pause(sessionId);
    }

    async release(sessionId: string): Promise<void> {
        await (await this.#at()).leases.release(sessionId);
    }

    async complete(sessionId: string): Promise<void> {
        await (await this.#at()).complete(sessionId);
    }

    async cancelComplete(sessionId: string): Promise<void> {
        await (await this.#at()).cancelComplete(sessionId);
    }

    secondsLeft(sessionId: string): number {
        return this.#opened?.leases.secondsLeft(sessionId) ?? 0;
    }

    // ---- Records

    async count(figure: NewFigure, lines: readonly NewLine[] = []): Promise<DeviceRecord> {
        return (await this.#at()).queue.add(figure, lines);
    }

    async edit(sessionId: string, recordId: string, changes: FigureChanges, lines: readonly NewLine[] = []): Promise<DeviceRecord> {
        return (await this.#at()).queue.edit(sessionId, recordId, changes, lines);
    }

    async void(sessionId: string, recordId: string, lines: readonly NewLine[] = []): Promise<DeviceRecord> {
        return (await this.#at()).queue.void(sessionId, recordId, lines);
    }

    async records(sessionId: string): Promise<DeviceRecord[]> {
        return (await this.#at()).queue.ofSession(sessionId);
    }

    async refused(): Promise<DeviceRecord[]> {
        return (await this.#at()).queue.refused();
    }

    async restore(sessionId: string): Promise<number> {
        return (await this.#at()).restore(sessionId);
    }

    async conflicts(): Promise<DeviceConflict[]> {
        return (await this.#at()).conflicts.all();
    }

    async conflictChoices(): Promise<ReadonlyMap<string, ConflictChoice>> {
        return (await this.#at()).conflicts.choices();
    }

    async resolveConflict(conflictId: string, action: ConflictAction, record?: Partial<Record>): Promise<Conflict> {
        return (await this.#at()).conflicts.resolve(conflictId, action, record);
    }

    async reportUnknown(item: NewUnknownItem): Promise<string> {
        return (await this.#at()).reportUnknown(item);
    }

    async addPhoto(image: Uint8Array, type: "image/jpeg" | "image/png" | "image/webp"): Promise<string> {
        return (await this.#at()).addPhoto(image, type);
    }

    async sync(): Promise<void> {
        await (await this.#at()).sync.sync();
    }

    async exportUnsent(): Promise<RescueFile> {
        const { app } = this.options;
        return (await this.#at()).exportUnsent(app === undefined ? undefined : `${app.name} ${app.version}`, this.#device?.id ?? "");
    }

    // ---- What the device takes with it

    async pullRacks(floor?: string): Promise<number> {
        return (await this.#at()).pull.pullRacks(floor);
    }

    async pullRack(rackId: string, onProgress: (progress: PullProgress) => void = () => undefined): Promise<number> {
        return (await this.#at()).pull.pullRack(rackId, onProgress);
    }

    async pulledRacks(floor?: string): Promise<PulledRack[]> {
        return (await this.#at()).pull.racks(floor);
    }

    async items(rackId: string): Promise<RackItem[]> {
        return (await this.#at()).pull.items(rackId);
    }

    bookQuantity(rackId: string, itemCode: string): number | null {
        return this.#opened?.pull.bookQuantity(rackId, itemCode) ?? null;
    }

    async lookUp(code: string, rackId?: string): Promise<LookUp> {
        return (await this.#at()).pull.lookUp(code, rackId);
    }

    // ---- Everything else

    listen(topics: readonly EventTopic[], listener: EventListener): () => void {
        const { platform } = this.options;
        const end = listenToEvents({ platform, auth: this.#auth, userId: this.#userId, onFault: this.#onFault }, topics, listener);
        const stop = (): void => {
            this.#streams.delete(stop);
            end();
        };
        this.#streams.add(stop);
        return stop;
    }

    async call<M extends Method, P extends PathOf<M>>(method: M, path: P, call: CallOf<M, P>): Promise<DataOf<M, P>> {
        const { path: values, query, body, headers, signal } = call as {
            path?: { [name: string]: unknown };
            query?: { [name: string]: QueryValue };
            body?: unknown;
            headers?: { [name: string]: string };
            signal?: AbortSignal;
        };
        const answer = await this.#auth.call(this.#userId, {
            method: method.toUpperCase(),
            path: pathOf(path, values),
            ...(query === undefined ? {} : { query }),
            ...(body === undefined ? {} : { body }),
            ...(headers === undefined ? {} : { headers }),
            ...(signal === undefined ? {} : { signal }),
        });
        return answer.data as DataOf<M, P>;
    }

    download(path: string, signal?: AbortSignal): Promise<Response> {
        return this.#auth.file(this.#userId, { method: "GET", path, headers: { Accept: "*/*" }, ...(signal === undefined ? {} : { signal }) });
    }
}
