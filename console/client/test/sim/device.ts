import type { Channel, Lifecycle, LifecycleState, Lock, Platform } from "../../src/platform.js";
import type { Change, Database, Ends, Need, Range, Revision, Row, Span, Store, StoreName } from "../../src/store/store.js";
import type { Network } from "./network.js";
import { type DeviceStorage, type StorageKind, storageOf, type TabStorage } from "./storage.js";
import { began, type World } from "./world.js";

interface Waiter {
    tab: Tab;
    begin: () => void;
}

/** A phone: storage, a calendar and locks that its tabs share. */
export class Device {
    readonly storage: DeviceStorage;
    readonly tabs = new Set<Tab>();
    /** By how much its calendar is wrong. */
    wallOffset = 0;
    /** How long it stood still. */
    asleepSince: number | undefined;
    slept = 0;
    readonly #locks = new Map<string, { holder: Tab; waiters: Waiter[] }>();
    #uuids = 0;

    constructor(
        readonly world: World,
        readonly network: Network,
        readonly name: string,
        kind: StorageKind = "memory",
    ) {
        this.storage = storageOf(kind);
    }

    /** What it keeps, whatever its tabs are at. */
    get store(): Store {
        return this.storage.open().store;
    }

    /** A tab of a newer build comes, and goes. */
    upgrade(): void {
        const mark = {};
        this.world.working.add(mark);
        void this.storage.upgrade().finally(() => this.world.working.delete(mark));
    }

    uuid(): string {
        this.#uuids += 1;
        return `${this.name}-${String(this.#uuids).padStart(6, "0")}`;
    }

    open(): Tab {
        const tab = new Tab(this);
        this.tabs.add(tab);
        return tab;
    }

    sleep(): void {
        this.asleepSince ??= this.world.now;
    }

    /** Not every device says that it slept. */
    wake(telling: boolean): void {
        if (this.asleepSince === undefined) return;
        this.slept += this.world.now - this.asleepSince;
        this.asleepSince = undefined;
        if (telling) for (const tab of this.tabs) tab.show("visible");
    }

    async lock<T>(tab: Tab, name: string, body: () => Promise<T>, signal?: AbortSignal): Promise<T> {
        if (tab.dead) return new Promise<T>(() => undefined);
        const held = this.#locks.get(name);
        if (held === undefined) {
            this.#locks.set(name, { holder: tab, waiters: [] });
        } else {
            await new Promise<void>((resolve, reject) => {
                const waiter: Waiter = { tab, begin: resolve };
                held.waiters.push(waiter);
                signal?.addEventListener("abort", () => {
                    held.waiters.splice(held.waiters.indexOf(waiter), 1);
                    reject(signal.reason as Error);
                });
            });
        }
        try {
            return await body();
        } finally {
            if (!tab.dead) this.#release(name);
        }
    }

    #release(name: string): void {
        const held = this.#locks.get(name);
        const next = held?.waiters.shift();
        if (held === undefined || next === undefined) {
            this.#locks.delete(name);
            return;
        }
        held.holder = next.tab;
        next.begin();
    }

    /** A tab that is gone holds nothing and waits for nothing. */
    bury(tab: Tab): void {
        this.tabs.delete(tab);
        for (const [name, held] of [...this.#locks]) {
            held.waiters = held.waiters.filter((waiter) => waiter.tab !== tab);
            if (held.holder === tab) this.#release(name);
        }
    }
}

/** One tab, or one run of an app. Killed, it does nothing any more; what it wrote stays. */
export class Tab {
    dead = false;
    /** It is killed after so many more operations on its storage: before the one, or in its middle. */
    diesAfter = Number.POSITIVE_INFINITY;
    state: LifecycleState = "visible";
    readonly #listeners = new Set<(state: LifecycleState) => void>();
    readonly #online = new Set<() => void>();
    readonly #channels = new Map<string, Set<(message: unknown) => void>>();

    readonly #storage: TabStorage;
    readonly #working = new Set<object>();

    constructor(readonly device: Device) {
        this.#storage = device.storage.open();
    }

    kill(): void {
        if (this.dead) return;
        this.dead = true;
        this.#storage.die(() => this.device.world.chance(0.5));
        for (const mark of this.#working) this.device.world.working.delete(mark);
        this.device.bury(this);
    }

    show(state: LifecycleState): void {
        this.state = state;
        for (const listener of [...this.#listeners]) listener(state);
    }

    online(): void {
        for (const listener of [...this.#online]) listener();
    }

    /** As a device's clocks go: not while it sleeps, and not for the dead. */
    #later(milliseconds: number, call: () => void): () => void {
        const { world } = this.device;
        let callOff = (): void => undefined;
        const begin = (wait: number): void => {
            callOff = world.timer(wait, () => {
                if (this.dead) return;
                if (this.device.asleepSince !== undefined) return begin(1_000);
                call();
            });
        };
        begin(milliseconds);
        return () => callOff();
    }

    #alive<T>(value: T): Promise<T> {
        return this.dead ? new Promise(() => undefined) : Promise.resolve(value);
    }

    get platform(): Platform {
        const { device } = this;
        const lock: Lock = (name, body, signal) => device.lock(this, name, body, signal);
        const lifecycle: Lifecycle = {
            state: () => this.state,
            subscribe: (listener) => {
                this.#listeners.add(listener);
                return () => this.#listeners.delete(listener);
            },
            onOnline: (listener) => {
                this.#online.add(listener);
                return () => this.#online.delete(listener);
            },
        };
        return {
            fetch: (url, init) => device.network.fetch(this, url, init),
            monotonic: () => (device.asleepSince ?? device.world.now) - device.slept,
            wall: () => began + device.world.now + device.wallOffset,
            uuid: () => device.uuid(),
            random: device.world.random,
            timer: (milliseconds, call) => this.#later(milliseconds, call),
            lock,
            lifecycle,
            channel: (name, receive) => this.#channel(name, receive),
        };
    }

    #channel(name: string, receive: (message: unknown) => void): Channel {
        const mine = this.#channels.get(name) ?? new Set();
        this.#channels.set(name, mine);
        mine.add(receive);
        return {
            send: (message) => {
                for (const tab of this.device.tabs) {
                    if (tab === this) continue;
                    tab.#later(this.device.world.between(0, 3), () => {
                        for (const each of [...(tab.#channels.get(name) ?? [])]) each(structuredClone(message));
                    });
                }
            },
            close: () => void mine.delete(receive),
        };
    }

    /** No time passes, and nothing else happens, while a disk is at it. */
    async #work<T>(body: () => Promise<T>): Promise<T> {
        // Something else of this tab may have killed it since it asked.
        if (this.dead) return new Promise(() => undefined);
        const { working } = this.device.world;
        const mark = {};
        this.#working.add(mark);
        working.add(mark);
        try {
            return await body();
        } finally {
            this.#working.delete(mark);
            working.delete(mark);
        }
    }

    /** The device's storage, as slow as it is. A kill comes before a write, in its middle, or after it. */
    get store(): Store {
        const { world } = this.device;
        const turn = async <T>(body: () => Promise<T>): Promise<T> => {
            if (world.chance(0.3)) await new Promise<void>((resolve) => void this.#later(world.between(0, 2), resolve));
            if (!this.dead && this.diesAfter-- <= 0) {
                if (world.chance(0.5)) void this.#work(body).catch(() => undefined);
                this.kill();
            }
            await this.#alive(undefined);
            return this.#work(body).then((value) => this.#alive(value));
        };
        return {
            open: async (name) => {
                const database = await this.#storage.store.open(name);
                const wrapped: Database = {
                    get: (from: StoreName, key: string) => turn(() => database.get(from, key)),
                    getMany: (from: StoreName, keys: readonly string[]) => turn(() => database.getMany(from, keys)),
                    scan: (from: StoreName, range?: Range) => turn(() => database.scan(from, range)),
                    scanBeside: (from: StoreName, prefix: string, beside: StoreName, span: (rows: readonly Row[]) => Ends | undefined) => turn(() => database.scanBeside(from, prefix, beside, span)),
                    count: (from: StoreName, prefix?: string) => turn(() => database.count(from, prefix)),
                    write: (changes: readonly Change[], need?: Need) => turn(() => database.write(changes, need)),
                    revise: (span: Span, touching: readonly StoreName[], change: (rows: readonly Row[]) => readonly Revision[], need?: Need) => turn(() => database.revise(span, touching, change, need)),
                    close: () => database.close(),
                };
                return wrapped;
            },
        };
    }
}
