import { language } from "../../i18n/catalogue.js";
import { money } from "../../office-format.js";
import { figure } from "../../i18n/format.js";

/** Differences bear their sign: what is too much says so as well as what is missing. */
export const signed = (value: number): string => (value > 0 ? `+${figure(value)}` : figure(value));

export const signedMoney = (value: number, currency: string | null): string => (value > 0 ? `+${money(value, currency)}` : money(value, currency));

const made = new Map<string, Intl.NumberFormat>();

/** Of percents, not shares; `null` is told as nothing. */
export function signedPercent(value: number | null): string {
    if (value === null) return "–";
    const { tag } = language();
    const format = made.get(tag) ?? new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" });
    made.set(tag, format);
    return format.format(value / 100);
}
