import { type Identifier, identifiers } from "./gs1_identifiers.js";
import { hasCheckDigit } from "./gtin.js";
import type { Said } from "./said.js";

const separator = "\u001d";
const signs = /^[0-9A-Za-z!"%&'()*+,\-./:;<=>?_]*$/;
const digitsOnly = /^[0-9]*$/;

function find(text: string): Identifier | undefined {
    return identifiers.find(([prefix, digits]) => text.length >= digits && text.startsWith(prefix) && digitsOnly.test(text.slice(0, digits)));
}

function fits([, , min, max, kind]: Identifier, data: string): boolean {
    if (data.length < min || data.length > max) return false;
    if (kind === "X") return signs.test(data);
    return digitsOnly.test(data) && (kind === "N" || hasCheckDigit(data));
}

/** Six digits, of which as many as the identifier's last one says stand behind the point. */
function measure(said: Said, data: string, lastDigit: string, uom: string): boolean {
    const places = Number(lastDigit);
    return places <= 6 && said.sayQuantity(Number(data) * 10 ** (6 - places), uom);
}

function take(said: Said, [, , , , , meaning]: Identifier, data: string, lastDigit: string, thisYear: number): boolean {
    switch (meaning) {
        case null:
            return true;
        case "gtin":
            return said.sayGtin(data);
        case "lot":
        case "serial":
            return said.sayText(meaning, data);
        case "mfg_date":
        case "best_before":
        case "expiry_date":
            return said.sayDate(meaning, data, thisYear);
        case "expiry_time":
            return said.sayDate("expiry_date", data.slice(0, 6), thisYear);
        case "count":
            return said.sayQuantity(Number(data) * 1_000_000, undefined);
        case "kilograms":
            return measure(said, data, lastDigit, "kg");
        case "pounds":
            return measure(said, data, lastDigit, "lb");
    }
}

/** Raw: identifiers and data in a row, variable ones ended by GS or the end; scanners leave GS out behind fixed ones. */
export function readElements(text: string, thisYear: number, said: Said): boolean {
    let rest = text;
    while (rest !== "") {
        const identifier = find(rest);
        if (identifier === undefined) return false;
        const [, digits, min, max] = identifier;
        const lastDigit = rest[digits - 1] ?? "";
        rest = rest.slice(digits);
        const end = rest.indexOf(separator);
        const until = end < 0 ? rest.length : end;
        const data = rest.slice(0, min === max ? Math.min(until, max) : until);
        if (!fits(identifier, data) || !take(said, identifier, data, lastDigit, thisYear)) return false;
        rest = rest.slice(data.length);
        if (rest.startsWith(separator)) rest = rest.slice(1);
    }
    return text !== "";
}

function findBracketed(text: string): Identifier | undefined {
    const identifier = text.startsWith("(") ? find(text.slice(1)) : undefined;
    return identifier !== undefined && text[identifier[1] + 1] === ")" ? identifier : undefined;
}

/** As printed for people: (01)09501101530003(17)261231, with a blank between elements or none. */
export function readBracketed(text: string, thisYear: number, said: Said): boolean {
    let at = 0;
    while (at < text.length) {
        const identifier = findBracketed(text.slice(at));
        if (identifier === undefined) return false;
        at += identifier[1] + 2;
        let end = at;
        while (end < text.length && findBracketed(text.slice(end)) === undefined) end++;
        const data = text.slice(at, end).replace(/ +$/, "");
        if (!fits(identifier, data) || !take(said, identifier, data, text[at - 2] ?? "", thisYear)) return false;
        at = end;
    }
    return text !== "";
}
