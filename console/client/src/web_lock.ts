import type { Channel, Lock, Platform } from "./platform.js";

/** Who waits for so long asks whether the holder still runs, and the holder may take so long to say so. */
const patience = 20_000;
const answerTime = 5_000;

type Message = { ask: string; name: string } | { here: string };

/** Which locks this page's own bodies hold, told to whoever asks. */
class Holders {
    readonly #held = new Set<string>();
    readonly #asked = new Map<string, () => void>();
    readonly #channel: Channel;

    constructor(
        private readonly platform: Pick<Platform, "timer" | "uuid">,
        open: NonNullable<Platform["channel"]>,
    ) {
        this.#channel = open("stockverify-locks", (message) => this.#hear(message as Message));
    }

    async hold<T>(name: string, body: () => Promise<T>): Promise<T> {
        this.#held.add(name);
        try {
            return await body();
        } finally {
            this.#held.delete(name);
        }
    }

    isAlive(name: string): Promise<boolean> {
        if (this.#held.has(name)) return Promise.resolve(true);
        const ask = this.platform.uuid();
        return new Promise((resolve) => {
            const end = (isAlive: boolean): void => {
                callOff();
                this.#asked.delete(ask);
                resolve(isAlive);
            };
            const callOff = this.platform.timer(answerTime, () => end(false));
            this.#asked.set(ask, () => end(true));
            this.#channel.send({ ask, name } satisfies Message);
        });
    }

    #hear(message: Message): void {
        if ("here" in message) this.#asked.get(message.here)?.();
        else if (this.#held.has(message.name)) this.#channel.send({ here: message.ask } satisfies Message);
    }
}

/**
 * Web Locks. A page that the system put to sleep keeps its locks and runs no timer that would end what it is at: who waits
 * behind it takes the lock from it. What such a page is at when it wakes may then happen twice, which the protocol allows
 * everywhere. Who brings a signal waits as long as that says.
 */
export function webLock(locks: LockManager, platform: Pick<Platform, "timer" | "uuid" | "channel">): Lock {
    let found: Holders | undefined;
    const holders = (): Holders | undefined => (found ??= platform.channel === undefined ? undefined : new Holders(platform, platform.channel));
    const holderOf = async (name: string): Promise<string | undefined> => (await locks.query()).held?.find((lock) => lock.name === name)?.clientId;

    /** Calls `gone` when the lock's holder does not answer; what it returns ends that. */
    const watch = (name: string, gone: () => void): (() => void) => {
        let isOver = false;
        let callOff = (): void => undefined;
        const look = async (): Promise<void> => {
            const holder = await holderOf(name);
            const isAlive = isOver || holder === undefined || (await holders()?.isAlive(name)) !== false;
            // Another who waited may have been quicker.
            const isSame = !isAlive && (await holderOf(name)) === holder;
            if (isOver) return;
            if (isSame) gone();
            else begin();
        };
        const begin = (): void => {
            callOff = platform.timer(patience, () => void look().catch(() => isOver || begin()));
        };
        begin();
        return () => {
            isOver = true;
            callOff();
        };
    };

    return async <T>(name: string, body: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
        let running: Promise<T> | undefined;
        const run = (): Promise<T> => (running = holders()?.hold(name, body) ?? body());
        const request = async (options: LockOptions): Promise<void> => {
            try {
                await locks.request(name, options, run);
            } catch (fault) {
                // Taken from this page while it slept: what it began goes on.
                if (running === undefined) throw fault;
            }
        };
        if (signal === undefined) {
            const waiting = new AbortController();
            const stop = watch(name, () => waiting.abort());
            try {
                await request({ signal: waiting.signal });
            } catch (fault) {
                if (!waiting.signal.aborted) throw fault;
                await request({ steal: true });
            } finally {
                stop();
            }
        } else {
            await request({ signal });
        }
        if (running === undefined) throw new Error(`the lock ${name} did not run its body`);
        return running;
    };
}
