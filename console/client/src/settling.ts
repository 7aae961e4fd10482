import type { BatchVerdict } from "./api.js";
import type { Platform } from "./platform.js";
import type { Sent } from "./queue.js";
import type { Refusal } from "./record.js";

/** Verdicts of a batch, or why its only record can't be read. */
export type Answered = { verdict: BatchVerdict } | { refusal: Refusal };

/** What was sent, and what came of it. */
export interface Settled {
    rows: readonly Sent[];
    answer: Answered;
}

/** So many batches are written down at once, and none later than so many milliseconds after its answer. */
const mostAtOnce = 5;
const latest = 200;

/**
 * Batches that were answered until that is written down. Each writing has its price beside that of its rows: where answers
 * come quickly, several go together. What is lost before it is written is sent again, which the server takes as the same.
 */
export class Settling {
    readonly #waiting: Settled[] = [];
    #writing: Promise<number> = Promise.resolve(0);
    #callOff: (() => void) | undefined;

    /** `write` says how many are to be sent again later. */
    constructor(
        private readonly platform: Pick<Platform, "timer">,
        private readonly write: (settled: readonly Settled[]) => Promise<number>,
    ) {}

    /** Waits where the writing before is not over yet. */
    async add(settled: Settled): Promise<void> {
        this.#waiting.push(settled);
        if (this.#waiting.length < mostAtOnce && isPlain(settled.answer)) {
            this.#callOff ??= this.platform.timer(latest, () => this.#begin());
            return;
        }
        const before = this.#writing;
        this.#begin();
        await before;
    }

    /** All is written down. How many of all are to be sent again later. */
    end(): Promise<number> {
        this.#begin();
        return this.#writing;
    }

    #begin(): void {
        this.#callOff?.();
        this.#callOff = undefined;
        const settled = this.#waiting.splice(0);
        if (settled.length === 0) return;
        this.#writing = this.#writing.then(async (later) => later + (await this.write(settled)));
        // It is told by the end.
        this.#writing.catch(() => undefined);
    }
}

/** Nothing to be shown but that it is safe. */
function isPlain(answer: Answered): boolean {
    return "verdict" in answer && answer.verdict.conflicts.length + answer.verdict.errors.length === 0;
}
