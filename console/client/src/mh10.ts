import { readElements } from "./elements.js";
import { quantity, type Quantity } from "./quantity.js";
import type { Said } from "./said.js";

const separator = "\u001d";

function sayNumber(said: Said, text: string, uom: string | undefined): boolean {
    if (!/^[0-9]+(\.[0-9]{1,6})?$/.test(text) || text.length > 16) return false;
    let value: Quantity;
    try {
        value = quantity(text);
    } catch {
        return false;
    }
    return said.sayQuantity(value, uom);
}

/**
 * MH10.8.2: P and 1P item numbers of customer and supplier, 8P a GTIN, T and 1T lots, S a serial number, Q a count, 7Q a
 * quantity with two letters of unit, 14D and 16D dates of expiry and production. Others are let pass.
 */
function take(said: Said, identifier: string, data: string, thisYear: number): boolean {
    switch (identifier) {
        case "P":
            delete said.item; // the customer's number, ours, goes before the supplier's
            return said.sayText("item", data);
        case "1P":
            return said.item !== undefined || said.sayText("item", data);
        case "8P":
            return /^[0-9]{1,14}$/.test(data) && said.sayGtin(data);
        case "T":
        case "1T":
            return said.sayText("lot", data);
        case "S":
            return said.sayText("serial", data);
        case "Q":
            return sayNumber(said, data, undefined);
        case "7Q":
            return data.length <= 2 || sayNumber(said, data.slice(0, -2), data.endsWith("PC") ? undefined : data.slice(-2));
        case "14D":
        case "16D":
            return /^[0-9]{8}$/.test(data) && said.sayDate(identifier === "14D" ? "expiry_date" : "mfg_date", data, thisYear);
        default:
            return true;
    }
}

function readFields(text: string, thisYear: number, said: Said): boolean {
    const fields = text.split(separator).filter((field) => field !== "");
    return (
        fields.length > 0 &&
        fields.every((field) => {
            const parts = /^([0-9]{0,3}[A-Z])(.+)$/s.exec(field);
            return parts !== null && take(said, parts[1] ?? "", parts[2] ?? "", thisYear);
        })
    );
}

/** An ISO/IEC 15434 message of format 06 (data identifiers) or 05 (GS1), from its "[)>" on. */
export function readMessage(text: string, thisYear: number, said: Said): boolean {
    const message = /^\[\)>\u001e?(0[56])\u001d(.+?)[\u0004\u001e\r\n]*$/s.exec(text);
    if (message === null) return false;
    return message[1] === "05" ? readElements(message[2] ?? "", thisYear, said) : readFields(message[2] ?? "", thisYear, said);
}
