import { inUnits, type Quantity, type QuantityFault, quantityFromNumber, readQuantity } from "@stockverify/client";

/** What is being entered: always as it was typed, so that "1," and "" stay what they are. */
export type Entry = string;

export const longestEntry = 16;

/** A key of the own keypad: a digit, the decimal sign, or one that erases. */
export function pressed(entry: Entry, key: string): Entry {
    if (key === "erase") return entry.slice(0, -1);
    if (key === "clear") return "";
    if (entry.length >= longestEntry) return entry;
    if (key === ".") return /[.,\u066b]/.test(entry) ? entry : `${entry === "" ? "0" : entry}.`;
    return entry === "0" ? key : entry + key;
}

export type Entered = { pieces: Quantity; entered: Quantity } | { fault: QuantityFault };

/** What an entry means in the item's own unit: "2" of a pack of 12 is 24. */
export function entered(entry: Entry, factor = 1): Entered {
    const read = readQuantity(entry);
    if ("fault" in read) return read;
    const size = quantityFromNumber(factor);
    const pieces = size === undefined ? undefined : inUnits(read.quantity, size);
    return pieces === undefined ? { fault: "too_many_places" } : { pieces, entered: read.quantity };
}
