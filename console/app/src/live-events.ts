import type { ServerEvent } from "@stockverify/client";

/** Types of events as docs/events.md has them: "count.opened", or "rack." for all that begin so. */
export type EventKinds = readonly string[];

export const isOfKinds = (type: string, kinds: EventKinds): boolean => kinds.some((kind) => (kind.endsWith(".") ? type.startsWith(kind) : type === kind));

export interface LiveListener {
    kinds: EventKinds;
    /** In their order, all that came since the last frame. */
    onEvents: (events: readonly ServerEvent[]) => void;
    /** Events may have been missed: what is shown is to be read anew. */
    onReset: () => void;
}

/** Calls once at the next painted frame; what it returns calls it off. */
export type Frame = (call: () => void) => () => void;

/** In a tab that is out of sight no frame comes: more than this is read anew instead. */
const most = 1000;

/** Hands events to whoever listens, at most once a frame, however many come. */
export class LiveHub {
    readonly #listeners = new Set<LiveListener>();
    #waiting: ServerEvent[] = [];
    #resetting = false;
    #callOff: (() => void) | null = null;

    constructor(private readonly frame: Frame) {}

    get size(): number {
        return this.#listeners.size;
    }

    listen(listener: LiveListener): () => void {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    }

    take(event: ServerEvent): void {
        if (this.#resetting) return;
        this.#waiting.push(event);
        if (this.#waiting.length > most) this.reset();
        else this.#ask();
    }

    reset(): void {
        this.#waiting = [];
        this.#resetting = true;
        this.#ask();
    }

    /** Nobody's any more: the login ended. */
    drop(): void {
        this.#callOff?.();
        this.#callOff = null;
        this.#waiting = [];
        this.#resetting = false;
    }

    #ask(): void {
        this.#callOff ??= this.frame(() => this.#hand());
    }

    #hand(): void {
        const events = this.#waiting;
        const isReset = this.#resetting;
        this.drop();
        for (const listener of [...this.#listeners]) {
            if (isReset) {
                listener.onReset();
                continue;
            }
            const wanted = events.filter((event) => isOfKinds(event.type, listener.kinds));
            if (wanted.length > 0) listener.onEvents(wanted);
        }
    }
}
