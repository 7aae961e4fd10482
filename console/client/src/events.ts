import type { Auth } from "./auth.js";
import { backoffDelay } from "./backoff.js";
import { LoginNeeded, NoAnswer, Refused } from "./errors.js";
import type { Channel, Platform } from "./platform.js";
import { type Message, MessageReader } from "./sse.js";

/** What may be listened to (docs/events.md). */
export type EventTopic =
    | `rack:updates:${string}`
    | `session:updates:${string}`
    | `jobs:updates:${string}`
    | "global:notifications"
    | "floor"
    | "activity";

/** A hint that something changed: ids and states, never a quantity. */
export interface ServerEvent {
    type: string;
    id: string | null;
    at: string;
    [member: string]: unknown;
}

export interface EventListener {
    onEvent(event: ServerEvent): void;
    /** Events may have been missed: read all state anew. Called when the stream first stands, too. */
    onReset(): void;
    /** Whether the stream stands. */
    onState?(connected: boolean): void;
}

/** The server says something every 15 s at the latest: a stream that says nothing for three times as long is dead. */
const silence = 45_000;

/** From the tab that has the stream to the others. */
type Told = { topics: string; event: ServerEvent } | { topics: string; reset: true } | { topics: string; connected: boolean } | { topics: string; ask: true };

export interface StreamParts {
    platform: Platform;
    auth: Auth;
    userId: string;
    onFault(fault: unknown): void;
}

/** Listens until the returned function is called; tabs of one user that ask for the same topics share one stream. */
export function listenToEvents(parts: StreamParts, topics: readonly EventTopic[], listener: EventListener): () => void {
    const stream = new EventStream(parts, [...new Set(topics)].sort().join(","), listener);
    void stream.run();
    return () => stream.close();
}

class EventStream {
    readonly #end = new AbortController();
    #last: string | undefined;
    #failures = 0;
    /** Milliseconds that the server asked for, once. */
    #retry: number | undefined;
    #connected = false;
    readonly #channel: Channel | undefined;

    constructor(
        private readonly parts: StreamParts,
        private readonly topics: string,
        private readonly listener: EventListener,
    ) {
        this.#channel = parts.platform.channel?.(`stockverify-events-${parts.userId}`, (message) => this.#hear(message as Told));
        this.#channel?.send({ topics, ask: true } satisfies Told);
    }

    close(): void {
        this.#end.abort();
        this.#channel?.close();
    }

    #hear(told: Told): void {
        if (told.topics !== this.topics || this.#end.signal.aborted) return;
        if ("ask" in told) {
            if (this.#connected) this.#channel?.send({ topics: this.topics, connected: true } satisfies Told);
        } else if ("event" in told) {
            this.listener.onEvent(told.event);
        } else if ("reset" in told) {
            this.listener.onReset();
        } else {
            this.listener.onState?.(told.connected);
            if (told.connected) this.listener.onReset();
        }
    }

    #tell(told: Told): void {
        if (this.#end.signal.aborted) return;
        this.#channel?.send(told);
        if ("event" in told) this.listener.onEvent(told.event);
        else if ("reset" in told) this.listener.onReset();
        else if ("connected" in told) this.listener.onState?.(told.connected);
    }

    /** One tab streams, the others wait for its end and hear what it passes on. */
    async run(): Promise<void> {
        const { signal } = this.#end;
        while (!signal.aborted) {
            try {
                await this.parts.platform.lock(`stockverify-events-${this.parts.userId}-${this.topics}`, () => this.#streamWhileSeen(), signal);
            } catch (fault) {
                if (signal.aborted) return;
                this.parts.onFault(fault);
            }
            if (!signal.aborted) await this.#seen();
        }
    }

    /** A tab that is out of sight may be stopped at any moment: it leaves the stream to another. */
    #seen(): Promise<void> {
        const { lifecycle } = this.parts.platform;
        if (lifecycle.state() === "visible") return Promise.resolve();
        return new Promise((resolve) => {
            const stop = lifecycle.subscribe((state) => {
                if (state === "visible") done();
            });
            const done = (): void => {
                stop();
                resolve();
            };
            this.#end.signal.addEventListener("abort", done, { once: true });
        });
    }

    async #streamWhileSeen(): Promise<void> {
        const hidden = new AbortController();
        const stop = this.parts.platform.lifecycle.subscribe((state) => {
            if (state !== "visible") hidden.abort();
        });
        const ended = (): void => hidden.abort();
        this.#end.signal.addEventListener("abort", ended);
        try {
            while (!hidden.signal.aborted) {
                const wait = await this.#streamOnce(hidden.signal);
                if (!hidden.signal.aborted) await this.#pause(wait, hidden.signal);
            }
        } finally {
            stop();
            this.#end.signal.removeEventListener("abort", ended);
        }
    }

    #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
        return new Promise((resolve) => {
            const { timer, lifecycle } = this.parts.platform;
            const done = (): void => {
                callOff();
                stop();
                resolve();
            };
            // The network seems to be back: a person who watches is not to wait out what may be minutes.
            const stop = lifecycle.onOnline(done);
            const callOff = timer(milliseconds, done);
            signal.addEventListener("abort", done, { once: true });
        });
    }

    /** Streams until it ends; milliseconds until it may be taken up again. */
    async #streamOnce(signal: AbortSignal): Promise<number> {
        try {
            await this.#stream(signal);
        } catch (fault) {
            if (signal.aborted) return 0;
            if (fault instanceof Refused && fault.status < 500 && fault.status !== 429) this.parts.onFault(fault);
            else if (!(fault instanceof NoAnswer || fault instanceof LoginNeeded || fault instanceof Refused)) this.parts.onFault(fault);
        }
        this.#setConnected(false);
        this.#failures += 1;
        const asked = this.#retry;
        this.#retry = undefined;
        return asked ?? backoffDelay(this.#failures, undefined, this.parts.platform.random);
    }

    #setConnected(connected: boolean): void {
        if (connected === this.#connected) return;
        this.#connected = connected;
        this.#tell({ topics: this.topics, connected });
    }

    async #stream(outer: AbortSignal): Promise<void> {
        const end = new AbortController();
        const passOn = (): void => end.abort();
        outer.addEventListener("abort", passOn);
        let callOff = this.parts.platform.timer(silence, passOn);
        try {
            const headers: { [name: string]: string } = { Accept: "text/event-stream" };
            if (this.#last !== undefined) headers["Last-Event-ID"] = this.#last;
            const call = { method: "GET", path: "/api/events", query: { topics: this.topics }, headers };
            const response = await this.parts.auth.stream(this.parts.userId, call, end.signal);
            const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream") === true;
            if (!response.ok || !isStream || response.body === null) throw new NoAnswer(`the stream has status ${response.status}`);
            const known = this.#last !== undefined;
            this.#failures = 0;
            this.#setConnected(true);
            if (!known) this.#tell({ topics: this.topics, reset: true });
            const messages = new MessageReader();
            const decoder = new TextDecoder();
            const reader = response.body.getReader();
            end.signal.addEventListener("abort", () => void reader.cancel().catch(() => undefined));
            for (;;) {
                const { done, value } = await reader.read();
                if (done) return;
                callOff();
                callOff = this.parts.platform.timer(silence, passOn);
                for (const message of messages.read(decoder.decode(value, { stream: true }))) this.#take(message);
            }
        } finally {
            callOff();
            outer.removeEventListener("abort", passOn);
            end.abort();
        }
    }

    #take({ id, data, retry }: Message): void {
        if (id !== undefined) this.#last = id;
        if (retry !== undefined) this.#retry = retry;
        if (data === undefined) return;
        const event = JSON.parse(data) as ServerEvent;
        if (event.type === "reset") this.#tell({ topics: this.topics, reset: true });
        else if (event.type !== "stream.ended") this.#tell({ topics: this.topics, event });
        else if (event["reason"] === "account_changed") this.#last = undefined;
    }
}
