import type { Platform } from "./platform.js";

/**
 * Time that passed, in milliseconds. A monotonic clock stands still while a phone sleeps, and the calendar is set by
 * people and networks: between two readings as much passed as the greater of both says, and a calendar set back says
 * nothing. Too much makes a lease unconfirmed early, which costs a heartbeat; too little would claim a rack that is gone.
 */
export class SteadyClock {
    #now = 0;
    #monotonic: number;
    #wall: number;

    constructor(private readonly platform: Pick<Platform, "monotonic" | "wall">) {
        this.#monotonic = platform.monotonic();
        this.#wall = platform.wall();
    }

    now(): number {
        const monotonic = this.platform.monotonic();
        const wall = this.platform.wall();
        this.#now += Math.max(monotonic - this.#monotonic, wall - this.#wall, 0);
        this.#monotonic = monotonic;
        this.#wall = wall;
        return this.#now;
    }
}
