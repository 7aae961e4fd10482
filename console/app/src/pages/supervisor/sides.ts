import type { Conflict } from "./kinds.js";

/** One of two figures that want the same place. */
export interface Side {
    user: string | null;
    name: string | null;
    rack: string | null;
    at: string | null;
    quantity: number | null;
    uom: string | null;
    damaged: number | null;
    lot: string | null;
    serials: readonly string[];
    remark: string | null;
    isVoid: boolean;
}

const textOf = (of: { [member: string]: unknown }, name: string): string | null => (typeof of[name] === "string" && of[name] !== "" ? of[name] : null);
const numberOf = (of: { [member: string]: unknown }, name: string): number | null => (typeof of[name] === "number" ? of[name] : null);

function sideOf(record: { [member: string]: unknown }): Side {
    const serials = record["serial_numbers"];
    return {
        user: textOf(record, "user_id"),
        name: textOf(record, "full_name"),
        rack: textOf(record, "rack_id"),
        at: textOf(record, "counted_at") ?? textOf(record, "at") ?? textOf(record, "updated_at"),
        quantity: numberOf(record, "verified_qty"),
        uom: textOf(record, "uom"),
        damaged: numberOf(record, "damage_qty"),
        lot: textOf(record, "lot"),
        serials: Array.isArray(serials) ? serials.filter((each) => typeof each === "string") : [],
        remark: textOf(record, "remark"),
        isVoid: record["status"] === "void",
    };
}

/** What came and could not be stored. */
export function cameSide(conflict: Conflict): Side {
    const side = sideOf(conflict.mine);
    return { ...side, uom: side.uom ?? conflict.uom, user: conflict.user_id, name: conflict.full_name, rack: side.rack ?? conflict.rack_id };
}

/** What is there already: a figure, a serial number's place, or whoever has the rack; `null` where nothing is. */
export function thereSide(conflict: Conflict): Side | null {
    const { server, holder } = conflict;
    if (server !== null && server !== undefined) {
        const side = sideOf(server as { [member: string]: unknown });
        return { ...side, uom: side.uom ?? conflict.uom, name: side.name ?? conflict.server_full_name };
    }
    if (holder === null || holder === undefined) return null;
    return { ...sideOf({}), user: holder.user_id, name: holder.full_name, rack: conflict.rack_id, at: holder.since ?? null };
}

/** Kinds whose figures add up when both are kept; of the others a person says what they come to. */
const adds: readonly Conflict["type"][] = ["duplicate_count", "duplicate_serial", "rescued"];
export const addsUp = (conflict: Conflict): boolean => adds.includes(conflict.type);
