/**
 * Quantities are whole millionths, as on the server: no sum and no comparison meets a binary fraction. A number holds
 * them exactly: the greatest, 999,999,999.999999, has 15 digits.
 */
export type Quantity = number & { readonly millionths: unique symbol };

const one = 1_000_000;
const greatest = 999_999_999_999_999;
const places = 6;

/** Why a text is no quantity. `grouped`: "1,234.5" and "1.234,5", which mean two things to two people. */
export type QuantityFault = "empty" | "not_a_number" | "grouped" | "negative" | "too_many_places" | "too_large";

export type ReadQuantity = { quantity: Quantity } | { fault: QuantityFault };

function millionths(value: number): Quantity {
    return value as Quantity;
}

export const nothing: Quantity = millionths(0);

/** The zeros of the digits that keypads here have: Latin, Arabic, Persian, Devanagari, Bengali, fullwidth. */
const zeros = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xff10];

function latinDigits(text: string): string {
    let latin = "";
    for (const sign of text) {
        const point = sign.codePointAt(0) ?? 0;
        const zero = zeros.find((first) => point >= first && point < first + 10);
        latin += zero === undefined ? sign : String(point - zero);
    }
    return latin;
}

/** What a person typed: digits of several scripts, one comma or point (or ٫) before the decimals, no grouping. */
export function readQuantity(text: string): ReadQuantity {
    const typed = latinDigits(text.replace(/[\u200e\u200f\u061c]/g, "").trim()).replaceAll("\u066b", ".");
    if (typed === "") return { fault: "empty" };
    if (/^[-\u2212]/.test(typed)) return { fault: "negative" };
    if (/^[0-9]+(?:[.,'\u2019\u066c\s][0-9]+){2,}(?:[.,][0-9]*)?$|^[0-9]+['\u2019\u066c\s][0-9]+([.,][0-9]*)?$/.test(typed)) return { fault: "grouped" };
    const parts = /^([0-9]*)(?:[.,]([0-9]*))?$/.exec(typed);
    const whole = parts?.[1] ?? "";
    const fraction = parts?.[2] ?? "";
    if (parts === null || (whole === "" && fraction === "")) return { fault: "not_a_number" };
    const decimals = fraction.replace(/0+$/, "");
    if (decimals.length > places) return { fault: "too_many_places" };
    const digits = whole.replace(/^0+/, "");
    if (digits.length > 9) return { fault: "too_large" };
    return { quantity: millionths(Number(digits) * one + Number(decimals.padEnd(places, "0"))) };
}

/** A quantity that a program names: `quantity("2.5")`, `quantity(24)`. Throws where it is none. */
export function quantity(value: string | number): Quantity {
    const read = readQuantity(typeof value === "number" ? plainDecimal(value) : value);
    if ("fault" in read) throw new RangeError(`${value} is no quantity: ${read.fault}`);
    return read.quantity;
}

/** Numbers print as 1e-7 and 1e+21 beyond what is a quantity; those stay what they are, and are refused. */
function plainDecimal(value: number): string {
    return Number.isFinite(value) ? String(value) : "";
}

/** Of a JSON number of the server's. `undefined`: it has more places, or is out of range. */
export function quantityFromNumber(value: number): Quantity | undefined {
    const scaled = Math.round(value * one);
    if (!Number.isFinite(value) || Math.abs(scaled) > greatest || scaled / one !== value) return undefined;
    return millionths(scaled === 0 ? 0 : scaled);
}

/** As JSON has it: the double nearest to the decimal, which prints as that decimal. */
export function toNumber(value: Quantity): number {
    return value / one;
}

/** "24", "2.5": the shortest decimal, for people only after a locale's formatting. */
export function quantityText(value: Quantity): string {
    const whole = Math.trunc(Math.abs(value) / one);
    const fraction = String(Math.abs(value) % one).padStart(places, "0").replace(/0+$/, "");
    return `${value < 0 ? "-" : ""}${whole}${fraction === "" ? "" : "."}${fraction}`;
}

/** The sum; `undefined` where it is past what a quantity may be. */
export function addQuantities(a: Quantity, b: Quantity): Quantity | undefined {
    const sum = a + b;
    return Math.abs(sum) > greatest ? undefined : millionths(sum);
}

/** Packs in the item's own unit: "2 × 12 = 24". `undefined` where that has more than six places or is too large. */
export function inUnits(packs: Quantity, factor: Quantity): Quantity | undefined {
    const product = BigInt(packs) * BigInt(factor);
    if (product % BigInt(one) !== 0n) return undefined;
    const units = product / BigInt(one);
    return units > BigInt(greatest) || units < -BigInt(greatest) ? undefined : millionths(Number(units));
}
