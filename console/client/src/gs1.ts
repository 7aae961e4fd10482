import { readBracketed, readElements } from "./elements.js";
import { gtinOf, hasCheckDigit } from "./gtin.js";
import { readMessage } from "./mh10.js";
import type { Quantity } from "./quantity.js";
import { Said } from "./said.js";

export { gtinOf } from "./gtin.js";

/** What one scan says; the vectors in t/vectors/scan.json hold this and the server's reader together. */
export interface Scan {
    kind: "code" | "gs1" | "mh10";
    /** What was scanned, without symbology identifier and what a wedge adds. */
    text: string;
    /** 14 digits. */
    gtin?: string;
    item?: string;
    lot?: string;
    serial?: string;
    /** YYYY-MM-DD, as the rest. */
    mfg_date?: string;
    best_before?: string;
    expiry_date?: string;
    quantity?: Quantity;
    /** Of the quantity; absent: pieces. */
    uom?: string;
}

const longest = 1024;
const separator = "\u001d";

/** ISO/IEC 15424: "]", a letter for the symbology, and a sign for what it did. */
const symbology = /^\][A-Za-z][0-9A-Z](?=[^])/;
/** The carriers of element strings: GS1-128, DataBar, DataMatrix, QR, DotCode, Aztec. */
const carriers = new Set(["]C1", "]e0", "]e1", "]e2", "]d2", "]Q3", "]J1", "]z1"]);

/** As the server cleans a code: composed, without marks nobody sees, with plain blanks, trimmed; "" with other controls. */
function cleanCode(text: string): string {
    const clean = text
        .normalize("NFC")
        .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u00ad\ufeff\u061c]/g, "")
        .replace(/[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/g, " ")
        .replace(/^[\r\n\t ]+|[\r\n\t ]+$/g, "");
    return /[\u0000-\u001c\u001e\u001f\u007f-\u009f]/.test(clean) ? "" : clean;
}

function readInto(text: string, isGs1: boolean, thisYear: number): { kind: "gs1" | "mh10"; said: Said } | undefined {
    const leading = text.startsWith(separator);
    const elements = leading ? text.slice(1) : text;
    let said = new Said();
    if (elements.startsWith("(")) {
        if (readBracketed(elements, thisYear, said)) return { kind: "gs1", said };
    } else if (isGs1 || leading || (/^0[12][0-9]{14}/.test(elements) && hasCheckDigit(elements.slice(2, 16)))) {
        // Without any sign of being one, only what begins with an article's number is an element string.
        if (readElements(elements, thisYear, said)) return { kind: "gs1", said };
    }
    said = new Said();
    return readMessage(text, thisYear, said) ? { kind: "mh10", said } : undefined;
}

/** Reads a scan. `thisYear` decides the century of dates with two digits. What does not parse whole stays a code. */
export function readScan(scanned: string, thisYear: number): Scan {
    const trimmed = scanned.replace(/[\r\n\t ]+$/, "");
    const mark = symbology.exec(trimmed)?.[0];
    const text = mark === undefined ? trimmed : trimmed.slice(3);
    const clean = text.length > longest ? "" : cleanCode(text);
    const read = text.length > longest ? undefined : readInto(text, mark !== undefined && carriers.has(mark), thisYear);
    if (read !== undefined) return { kind: read.kind, text: clean, ...read.said };
    const gtin = gtinOf(clean);
    return { kind: "code", text: clean, ...(gtin === undefined ? {} : { gtin }) };
}
