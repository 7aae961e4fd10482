// How figures and times are told on pages that no phone has to load first.
import { type Instant, once, units } from "./i18n/format.js";

/** Where nobody said which currency it is, with two decimals, as most have. */
const style = (currency: string | null): Intl.NumberFormatOptions => (currency === null ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { style: "currency", currency });

export const money = (value: number, currency: string | null): string => once(`money ${currency}`, (tag) => new Intl.NumberFormat(tag, style(currency))).format(value);

/** What one of something costs: as exactly as the books have it. */
export const price = (value: number | null | undefined, currency: string | null): string =>
    value === null || value === undefined ? "–" : once(`price ${currency}`, (tag) => new Intl.NumberFormat(tag, { ...style(currency), maximumFractionDigits: 6 })).format(value);

/** Differences bear their sign, in its place of the language: what is too much says so as well as what is missing. */
const sign = { signDisplay: "exceptZero" } as const;

export const signed = (value: number): string => once("signed", (tag) => new Intl.NumberFormat(tag, { ...sign, maximumFractionDigits: 6 })).format(value);

export const signedMoney = (value: number, currency: string | null): string => once(`signed money ${currency}`, (tag) => new Intl.NumberFormat(tag, { ...style(currency), ...sign })).format(value);

/** Of percents, not shares; `null` is told as nothing. */
export const signedPercent = (value: number | null): string =>
    value === null ? "–" : once("signed percent", (tag) => new Intl.NumberFormat(tag, { ...sign, style: "percent", maximumFractionDigits: 1 })).format(value / 100);

/** A share of one, to a hundredth of a percent. */
export const share = (value: number): string => once("share", (tag) => new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 2 })).format(value);

export const dateLabel = (at: Instant): string => once("date", (tag) => new Intl.DateTimeFormat(tag, { dateStyle: "medium" })).format(new Date(at));

/** "3 minutes ago", "in 2 hours". */
export function relative(at: Instant, now: number = Date.now()): string {
    const seconds = Math.round((new Date(at).getTime() - now) / 1000);
    const [unit, size] = units.find(([, least]) => Math.abs(seconds) >= least) ?? ["second", 1];
    return once("relative", (tag) => new Intl.RelativeTimeFormat(tag, { numeric: "auto" })).format(Math.trunc(seconds / size), unit);
}

interface Warehouse {
    warehouse: string;
    currency: string | null;
}

/** The currency of a warehouse's books; of no warehouse that is named, the one that all have. */
export function currencyOf(warehouses: readonly Warehouse[], warehouse: string | null | undefined): string | null {
    const those = warehouse === null || warehouse === undefined ? warehouses : warehouses.filter((each) => each.warehouse === warehouse);
    const [first] = those;
    return first !== undefined && those.every(({ currency }) => currency === first.currency) ? first.currency : null;
}
