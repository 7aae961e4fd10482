import { isPassing, type RackItem, Refused, type Schema } from "@stockverify/client";
import { client } from "../../session.js";
import type { Pack } from "./rack-work.js";

/** An item that the server has for a code or a text that this device knows nothing of. */
export interface Match {
    item: RackItem;
    /** The pack that the code is of. */
    pack: Pack | null;
}

export interface Answer {
    /** Whether the first has exactly this code; else they are like it. */
    isExact: boolean;
    matches: readonly Match[];
}

/** As a rack's list has items: without the stock, which belongs to no device. */
function toRackItem(item: Schema<"Item">): RackItem {
    const codes = [...item.barcodes, item.barcode, item.manual_barcode].filter((code): code is string => typeof code === "string" && code !== "");
    return {
        v: 1,
        rack_id: "*",
        item_code: item.item_code,
        item_name: item.item_name,
        barcodes: [...new Set(codes)],
        category: item.category ?? null,
        subcategory: item.subcategory ?? null,
        uom: item.uom ?? null,
        packs: item.packs.map(({ uom, factor, barcodes }) => ({ uom, factor, barcodes: barcodes ?? [] })),
        mrp: item.mrp ?? null,
        serial_tracked: item.serial_tracked,
        lot_tracked: item.lot_tracked,
        expected: false,
        counted_by: [],
    };
}

const toMatch = ({ item, pack }: { item: Schema<"Item">; pack: Pack | null }): Match => ({ item: toRackItem(item), pack });

/** `null`: there is no answer to be had now, as without network. What nobody knows is no fault. */
async function asked(ask: () => Promise<Answer>): Promise<Answer | null> {
    try {
        return await ask();
    } catch (fault) {
        if (fault instanceof Refused && fault.code === "item_unknown") return { isExact: false, matches: [] };
        if (isPassing(fault) || fault instanceof Refused) return null;
        throw fault;
    }
}

/** What a scanned code means to the server, which knows every item; and what is like it. */
export const askCode = (code: string, signal: AbortSignal): Promise<Answer | null> =>
    asked(async () => {
        const { item, pack, matches } = await client.call("get", "/api/erp/items/barcode/{code}", { path: { code }, signal });
        return item === null ? { isExact: false, matches: matches.slice(0, 5).map(toMatch) } : { isExact: true, matches: [toMatch({ item, pack })] };
    });

/** Items of a name or code like what was typed. */
export const askText = (q: string, signal: AbortSignal): Promise<Answer | null> =>
    asked(async () => {
        const { matches } = await client.call("get", "/api/erp/items/search", { query: { q, limit: 10 }, signal });
        return { isExact: matches[0]?.exact === true, matches: matches.map(toMatch) };
    });
