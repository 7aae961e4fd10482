/**
 * Tells a scanner that types from a person who types, by the times between signs alone: whatever the keyboard's layout, the
 * focus, and how the scanner ends a code. Pure: times come in, scans go out; listening to keys is wedge-listener.ts.
 */
export interface WedgeLimits {
    /** The longest time between two signs of a burst, in milliseconds. */
    burst: number;
    /** The least signs that make a burst. */
    least: number;
    /** A burst without an end is over after this long. */
    pause: number;
    /** Outside fields, a slow scanner's signs come at most so far apart, and end in Enter or Tab. */
    slow: number;
}

export const usualLimits: WedgeLimits = { burst: 35, least: 4, pause: 60, slow: 150 };

/** `pass`: let it come to the field. `take`: keep it from there. `revert`: keep it, and put back what the field had before the burst. */
export type SignVerdict = "pass" | "take" | "revert";

/** Some scanners are set up to end in these two signs instead of the key. */
const typedEnd = "\\n";
const ends = /[\r\n\t]|\\n$/;

export class Wedge {
    #text = "";
    #last = Number.NEGATIVE_INFINITY;
    #widest = 0;
    #inField = false;
    #isTaken = false;

    constructor(
        private readonly onScan: (text: string) => void,
        private readonly limits: WedgeLimits = usualLimits,
    ) {}

    /** Nothing was typed that may yet become a scan: what a field has now is what it had before. */
    get isIdle(): boolean {
        return this.#text === "";
    }

    /** When `settle` has something to do. */
    get due(): number | null {
        if (this.#text === "") return null;
        if (this.#isBurst()) return this.#last + this.limits.pause;
        return this.#last + (this.#inField ? this.limits.burst + 1 : this.limits.slow);
    }

    /** One sign, or as many as an input method commits at once, at a time in milliseconds. */
    signs(text: string, at: number, inField: boolean): SignVerdict {
        this.settle(at);
        const gap = at - this.#last;
        if (inField !== this.#inField) this.#clear();
        if (this.#text !== "") this.#widest = Math.max(this.#widest, gap);
        this.#inField = inField;
        this.#last = at;
        return ends.test(text) ? this.#ending(text, at) : this.#add(text);
    }

    /** Enter or Tab. Whether it ended a scan: then nobody else may have it. */
    end(at: number): boolean {
        if (this.#text === "") return false;
        const gap = at - this.#last;
        const isScan = this.#isBurst() ? gap <= this.limits.pause : this.#isSlow() && gap <= this.limits.slow;
        if (!isScan) {
            this.settle(at);
            this.#clear();
            return false;
        }
        this.#emit();
        return true;
    }

    /** Nothing more came: a burst is a scan, anything else was a person. Whether it was a scan, one without an end. */
    settle(at: number): boolean {
        const { due } = this;
        if (due === null || at < due) return false;
        const isScan = this.#isBurst();
        if (isScan) this.#emit();
        else this.#clear();
        return isScan;
    }

    #add(text: string): SignVerdict {
        this.#text += text;
        if (!this.#inField || this.#isTaken) return "take";
        if (!this.#isBurst()) return "pass";
        this.#isTaken = true;
        return text.length === this.#text.length ? "take" : "revert";
    }

    /** Text with ends of codes in it: each piece is a scan of its own. */
    #ending(text: string, at: number): SignVerdict {
        const wasTyped = this.#text !== "" && !this.#isTaken;
        const pieces = text.split(/[\r\n\t]+|\\n$/);
        const rest = pieces.pop() ?? "";
        for (const piece of pieces) {
            this.#text += piece;
            if (this.#text.length >= this.limits.least) this.#emit();
            else this.#clear();
        }
        if (rest !== "") {
            this.#text = rest;
            this.#last = at;
            this.#isTaken = true;
        }
        return wasTyped && this.#inField ? "revert" : "take";
    }

    /** What was taken from a field stays a scan over a longer gap, too: nobody else has its signs any more. */
    #isBurst(): boolean {
        return this.#text.length >= this.limits.least && this.#widest <= (this.#isTaken ? this.limits.pause : this.limits.burst);
    }

    #isSlow(): boolean {
        return !this.#inField && this.#text.length >= this.limits.least && this.#widest <= this.limits.slow;
    }

    #emit(): void {
        const text = this.#text.endsWith(typedEnd) ? this.#text.slice(0, -typedEnd.length) : this.#text;
        this.#clear();
        this.onScan(text);
    }

    #clear(): void {
        this.#text = "";
        this.#widest = 0;
        this.#isTaken = false;
    }
}
