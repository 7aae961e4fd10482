import { webLock } from "./web_lock.js";

/**
 * What the client needs of the machine it runs on, injected so that tests can drop a network, stop a clock and kill a
 * process, and so that React Native can bring its own.
 */
export interface Platform {
    fetch(url: string, init: RequestInit): Promise<Response>;
    /** Milliseconds that never go back. May stand still while the device sleeps. */
    monotonic(): number;
    /** Milliseconds since 1970 by the device's calendar, which people and networks set. */
    wall(): number;
    uuid(): string;
    /** From 0 up to 1, for jitter. */
    random(): number;
    /** Calls once, after so many milliseconds; what it returns calls it off. */
    timer(milliseconds: number, call: () => void): () => void;
    /** Runs `body` while nobody else, in this or another tab or process of the same store, holds `name`. */
    lock: Lock;
    lifecycle: Lifecycle;
    /** gzip. Absent: bodies go as they are. */
    pack?(text: string): Promise<Uint8Array>;
    /** Messages between tabs. Absent: there is only one. */
    channel?(name: string, receive: (message: unknown) => void): Channel;
    /** Whether no other tab can have anything to tell. Absent: nobody knows. */
    isAlone?(): Promise<boolean>;
}

export type Lock = <T>(name: string, body: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** `hidden`: nobody sees the app. `frozen`: it is about to stand still. */
export type LifecycleState = "visible" | "hidden" | "frozen";

export interface Lifecycle {
    state(): LifecycleState;
    subscribe(listener: (state: LifecycleState) => void): () => void;
    /** Called when the network seems to be back: a reason to try now, no proof. */
    onOnline(listener: () => void): () => void;
}

export interface Channel {
    send(message: unknown): void;
    close(): void;
}

async function gzip(text: string): Promise<Uint8Array> {
    const { readable, writable } = new CompressionStream("gzip");
    const writer = writable.getWriter();
    // What goes wrong is told to whoever reads.
    writer.write(new TextEncoder().encode(text)).catch(() => undefined);
    writer.close().catch(() => undefined);
    return new Uint8Array(await new Response(readable).arrayBuffer());
}

/** Locks among those who share this function: one process without tabs. */
export function processLock(): Lock {
    const tails = new Map<string, Promise<unknown>>();
    return async <T>(name: string, body: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
        const before = tails.get(name) ?? Promise.resolve();
        const run = before.then(
            () => {
                signal?.throwIfAborted();
                return body();
            },
        );
        const tail = run.catch(() => undefined);
        tails.set(name, tail);
        void tail.then(() => {
            if (tails.get(name) === tail) tails.delete(name);
        });
        return run;
    };
}

/** A lifecycle that is always visible: servers, scripts. */
export const alwaysVisible: Lifecycle = {
    state: () => "visible",
    subscribe: () => () => undefined,
    onOnline: () => () => undefined,
};

/** Every page holds a share of a lock for as long as it is open: who sees but one share is alone. */
function aloneness(locks: LockManager): () => Promise<boolean> {
    const name = "stockverify-open";
    void locks.request(name, { mode: "shared" }, () => new Promise(() => undefined)).catch(() => undefined);
    return async () => ((await locks.query()).held ?? []).filter((lock) => lock.name === name).length <= 1;
}

function pageLifecycle(page: Document, view: Window): Lifecycle {
    return {
        state: () => (page.visibilityState === "hidden" ? "hidden" : "visible"),
        subscribe(listener) {
            const changed = (): void => listener(page.visibilityState === "hidden" ? "hidden" : "visible");
            const frozen = (): void => listener("frozen");
            page.addEventListener("visibilitychange", changed);
            page.addEventListener("freeze", frozen);
            page.addEventListener("resume", changed);
            view.addEventListener("pageshow", changed);
            return () => {
                page.removeEventListener("visibilitychange", changed);
                page.removeEventListener("freeze", frozen);
                page.removeEventListener("resume", changed);
                view.removeEventListener("pageshow", changed);
            };
        },
        onOnline(listener) {
            view.addEventListener("online", listener);
            return () => view.removeEventListener("online", listener);
        },
    };
}

/** A browser's page, or Node. `parts` replaces any of it: React Native brings `uuid`, `monotonic` and `lifecycle`. */
export function webPlatform(parts: Partial<Platform> = {}): Platform {
    const inPage = typeof document !== "undefined" && typeof window !== "undefined";
    const locks = inPage && typeof navigator !== "undefined" ? (navigator.locks as LockManager | undefined) : undefined;
    const found: Platform = {
        fetch: (url, init) => fetch(url, init),
        monotonic: () => performance.now(),
        wall: () => Date.now(),
        uuid: () => crypto.randomUUID(),
        random: () => Math.random(),
        timer(milliseconds, call) {
            const id = setTimeout(call, milliseconds);
            return () => clearTimeout(id);
        },
        lock: processLock(),
        lifecycle: inPage ? pageLifecycle(document, window) : alwaysVisible,
    };
    if (typeof CompressionStream !== "undefined") found.pack = gzip;
    if (locks !== undefined) found.isAlone = aloneness(locks);
    if (inPage && typeof BroadcastChannel !== "undefined") {
        found.channel = (name, receive) => {
            const channel = new BroadcastChannel(name);
            channel.addEventListener("message", (event: MessageEvent<unknown>) => receive(event.data));
            return { send: (message) => channel.postMessage(message), close: () => channel.close() };
        };
    }
    const platform = { ...found, ...parts };
    if (locks !== undefined && parts.lock === undefined) platform.lock = webLock(locks, platform);
    return platform;
}
