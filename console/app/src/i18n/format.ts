import { type Quantity, quantityText } from "@stockverify/client";
import { language } from "./catalogue.js";

const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

/** Formatters are slow to make and are used in every row. */
export function once<T extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(name: string, make: (tag: string) => T): T {
    const { tag } = language();
    const key = `${tag} ${name}`;
    const found = made.get(key) ?? make(tag);
    made.set(key, found);
    return found as T;
}

export const number = (value: number): string => once("number", (tag) => new Intl.NumberFormat(tag)).format(value);

export const percent = (share: number): string =>
    once("percent", (tag) => new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 0 })).format(share);

/** Exactly: the decimal is formatted as a text, never as a binary fraction. */
export const quantityLabel = (value: Quantity): string =>
    once("quantity", (tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: 6 })).format(quantityText(value) as Intl.StringNumericLiteral);

/** A quantity as the API's JSON has it. */
export const figure = (value: number | null | undefined): string =>
    value === null || value === undefined ? "–" : once("quantity", (tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: 6 })).format(value);

export type Instant = number | string;
const date = (at: Instant): Date => new Date(at);

export const clockTime = (at: Instant): string =>
    once("time", (tag) => new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit" })).format(date(at));

export const dateTime = (at: Instant): string =>
    once("dateTime", (tag) => new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "short" })).format(date(at));

/** The time of day, with its date unless that is today's: "16:40" alone may be of before the weekend. */
export const recentTime = (at: Instant): string => (date(at).toDateString() === new Date().toDateString() ? clockTime(at) : dateTime(at));

export const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** "5 minutes": in the largest unit that has any. */
export function span(milliseconds: number): string {
    const seconds = Math.abs(milliseconds) / 1000;
    const [unit, size] = units.find(([, least]) => seconds >= least) ?? (["second", 1] as const);
    return once(`span ${unit}`, (tag) => new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 })).format(seconds / size);
}

/** "12:05": minutes and seconds that are left. */
export function countdown(seconds: number): string {
    const whole = Math.max(0, Math.floor(seconds));
    const two = once("two", (tag) => new Intl.NumberFormat(tag, { minimumIntegerDigits: 2 }));
    return `${number(Math.floor(whole / 60))}:${two.format(whole % 60)}`;
}
