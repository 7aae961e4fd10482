import type { Platform } from "./platform.js";

/** Clocks that differ by less, in milliseconds, agree. */
const agreement = 1_000;

/** A reading of the clock. */
export interface Moment {
    at: number;
    jumps: number;
}

/**
 * Time that passed, in milliseconds. A monotonic clock stands still while a phone sleeps, and the calendar is set by
 * people and networks: between two readings as much passed as the greater of both says, and a calendar set back says
 * nothing. Where they disagree the phone slept or somebody set its calendar, and if both happened at once no clock knows
 * how much passed: nothing that ran then is sure. That costs a heartbeat; too little would claim a rack that is gone.
 */
export class SteadyClock {
    #now = 0;
    #jumps = 0;
    #monotonic: number;
    #wall: number;

    constructor(private readonly platform: Pick<Platform, "monotonic" | "wall">) {
        this.#monotonic = platform.monotonic();
        this.#wall = platform.wall();
    }

    now(): number {
        const monotonic = this.platform.monotonic();
        const wall = this.platform.wall();
        const [ran, dated] = [monotonic - this.#monotonic, wall - this.#wall];
        if (Math.abs(dated - ran) > agreement) this.#jumps += 1;
        this.#now += Math.max(ran, dated, 0);
        this.#monotonic = monotonic;
        this.#wall = wall;
        return this.#now;
    }

    moment(): Moment {
        return { at: this.now(), jumps: this.#jumps };
    }

    /** How much is surely left of so many milliseconds that began then. */
    left(since: Moment, milliseconds: number): number {
        const now = this.now();
        return since.jumps === this.#jumps ? Math.max(0, since.at + milliseconds - now) : 0;
    }
}
