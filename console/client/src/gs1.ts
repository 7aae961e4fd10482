import type { Quantity } from "./quantity.js";

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
