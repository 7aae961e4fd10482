import type { Moment, SteadyClock } from "./clock.js";
import { Source } from "./observable.js";
import type { Platform } from "./platform.js";

/** By how much this device's calendar is wrong. */
export interface DeviceClock {
    /** Milliseconds by which it is ahead of the server's; less than 0: behind. `null`: no answer said so yet. */
    offset: number | null;
    /** So much more or less. */
    within: number;
}

/** A measurement that is better than the last one's successors for so long. */
const keepFor = 600_000;
/** What takes longer says little, and nothing of a step of the calendar meanwhile. */
const longestAnswer = 10_000;

interface Measured {
    offset: number;
    within: number;
    moment: Moment;
}

/** What answers that come anyhow say of the calendar: `server_time` of their bodies, or the header Date. */
export class ClockWatch {
    readonly state = new Source<DeviceClock>({ offset: null, within: 0 });
    #last: Measured | undefined;

    constructor(
        private readonly platform: Pick<Platform, "wall">,
        private readonly clock: SteadyClock,
    ) {}

    sent(): Moment {
        return this.clock.moment();
    }

    answered(sent: Moment, serverTime: unknown, date: string | null): void {
        const told = toTime(serverTime) ?? toTime(date);
        const moment = this.clock.moment();
        const took = moment.at - sent.at;
        if (told === undefined || moment.jumps !== sent.jumps || took > longestAnswer) return;
        const offset = this.platform.wall() - (told.at + took / 2);
        this.#take({ offset: Math.round(offset), within: Math.ceil(took / 2 + told.within), moment });
    }

    #take(measured: Measured): void {
        const last = this.#last;
        if (last !== undefined && !isBetter(measured, last)) return;
        this.#last = measured;
        const { offset, within } = measured;
        if (offset !== this.state.value.offset || within !== this.state.value.within) this.state.set({ offset, within });
    }
}

/** Nearer, or newer where the last one may not hold any more: it is old, or the calendar was set. */
function isBetter(measured: Measured, last: Measured): boolean {
    if (measured.within <= last.within || measured.moment.at - last.moment.at > keepFor) return true;
    return measured.moment.jumps !== last.moment.jumps || Math.abs(measured.offset - last.offset) > measured.within + last.within;
}

/** Times without a fraction of a second are those of the second's beginning, or any of it. */
function toTime(value: unknown): { at: number; within: number } | undefined {
    const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(at)) return undefined;
    return typeof value === "string" && value.includes(".") ? { at, within: 1 } : { at: at + 500, within: 500 };
}
