/** How moments of a chart are told: each way takes all that stand beside each other, for what one of them needs depends on the others. */
import { clockTime, dateTime, once } from "../i18n/format.js";
import { dateLabel } from "../office-format.js";

/** Of seconds since 1970, ascending: a text for each. */
export type MomentTexts = (moments: readonly number[]) => readonly string[];

const twoDays = 2 * 86_400;

const clockSeconds = (at: number): string =>
    once("time with seconds", (tag) => new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit", second: "2-digit" })).format(at);

const dateSeconds = (at: number): string =>
    once("dateTime with seconds", (tag) => new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "medium" })).format(at);

/** Whether two that follow each other are of one minute. */
const isOfSeconds = (moments: readonly number[]): boolean => moments.some((moment, index) => index > 0 && Math.floor(moment / 60) === Math.floor((moments[index - 1] ?? 0) / 60));

export const dayTexts: MomentTexts = (moments) => moments.map((moment) => dateLabel(moment * 1000));

/** Day and time, with its seconds where minutes tell no difference. */
export const exactTexts: MomentTexts = (moments) => moments.map((moment) => (isOfSeconds(moments) ? dateSeconds : dateTime)(moment * 1000));

/** Days, or times of the clock where all are of one day or two: then the day is told where it changes, on a line of its own. */
export const axisTexts: MomentTexts = (moments) => {
    if ((moments.at(-1) ?? 0) - (moments[0] ?? 0) >= twoDays) return dayTexts(moments);
    const days = dayTexts(moments);
    const isOneDay = new Set(days).size < 2;
    const clock = isOfSeconds(moments) ? clockSeconds : clockTime;
    return moments.map((moment, index) => clock(moment * 1000) + (isOneDay || days[index] === days[index - 1] ? "" : `\n${days[index]}`));
};

/** A text that stands there already is left out: of some places of one day the first bears its name. */
export const withoutRepeats = (texts: readonly string[]): readonly string[] => texts.map((text, index) => (text === texts[index - 1] ? "" : text));
