import { normalGtin } from "./gtin.js";
import type { Quantity } from "./quantity.js";

/** What a scan said, as it is read: a member twice must be the same. */
export class Said {
    declare gtin?: string;
    declare item?: string;
    declare lot?: string;
    declare serial?: string;
    declare mfg_date?: string;
    declare best_before?: string;
    declare expiry_date?: string;
    declare quantity?: Quantity;
    declare uom?: string;

    sayText(member: "item" | "lot" | "serial", value: string): boolean {
        return value !== "" && this.#say(member, value);
    }

    #say(member: "gtin" | "item" | "lot" | "serial" | "mfg_date" | "best_before" | "expiry_date", value: string): boolean {
        if (this[member] !== undefined && this[member] !== value) return false;
        this[member] = value;
        return true;
    }

    sayGtin(digits: string): boolean {
        const gtin = normalGtin(digits);
        return gtin !== undefined && this.#say("gtin", gtin);
    }

    /** YYMMDD or YYYYMMDD; day 00 is the month's last. */
    sayDate(member: "mfg_date" | "best_before" | "expiry_date", digits: string, thisYear: number): boolean {
        const short = digits.length === 6;
        const year = short ? fullYear(Number(digits.slice(0, 2)), thisYear) : Number(digits.slice(0, 4));
        const month = Number(digits.slice(-4, -2));
        const day = Number(digits.slice(-2));
        const last = new Date(Date.UTC(2000, month, 0)).getUTCDate();
        const days = month === 2 && !isLeap(year) ? 28 : last;
        if (month < 1 || month > 12 || day > days) return false;
        return this.#say(member, `${String(year).padStart(4, "0")}-${digits.slice(-4, -2)}-${String(day === 0 ? days : day).padStart(2, "0")}`);
    }

    /** A weight beside a count says what the pieces weigh: the pieces are counted. */
    sayQuantity(value: number, uom: string | undefined): boolean {
        if (value > 999_999_999_999_999) return false;
        if (this.quantity !== undefined && this.uom === undefined) return uom !== undefined || this.quantity === value;
        this.quantity = value as Quantity;
        if (uom === undefined) delete this.uom;
        else this.uom = uom;
        return true;
    }
}

function isLeap(year: number): boolean {
    return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** GS1 General Specifications, 7.12: between 49 years back and 50 years ahead. */
function fullYear(twoDigits: number, thisYear: number): number {
    const year = thisYear - (thisYear % 100) + twoDigits;
    if (year - thisYear > 50) return year - 100;
    return year - thisYear < -49 ? year + 100 : year;
}
