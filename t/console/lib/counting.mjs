// Counters who count through the API, and counts that wait to be reviewed.
import { until } from "./stack.mjs";

let made = 0;

/** A figure as a phone sends it. */
export const figureOf = (session, item, quantity, more = {}) => {
    const at = new Date().toISOString();
    return { client_record_id: `console-${process.pid}-${++made}`, session_id: session, item_code: item, verified_qty: quantity, status: "finalized", created_at: at, updated_at: at, ...more };
};

/** Sends figures in batches; what each became. */
export async function send(call, records) {
    const ok = [];
    const conflicts = [];
    for (let from = 0; from < records.length; from += 100) {
        const verdict = await call("POST", "/api/sync/batch", { records: records.slice(from, from + 100) });
        if (verdict.errors.length > 0) throw new Error(JSON.stringify(verdict.errors[0]));
        ok.push(...verdict.ok);
        conflicts.push(...verdict.conflicts);
    }
    return { ok, conflicts };
}

export const claimRack = (call, rack, more = {}) => call("POST", `/api/racks/${rack}/claim`, more);

/** Claims a rack, counts it and completes it. `figures`: [[item, quantity, members?]]. */
export async function countRack(call, rack, figures, more = {}) {
    const { session_id: session } = await claimRack(call, rack, more);
    await send(call, figures.map(([item, quantity, members]) => figureOf(session, item, quantity, members)));
    await call("POST", `/api/sessions/${session}/complete`, {});
    return session;
}

/** What each rack of a warehouse expects, without serial-tracked and lot-tracked items; free racks only. */
export async function freeRacks(call, warehouse, wanted, least = 3) {
    const { items } = await call("GET", `/api/racks/available?warehouse=${encodeURIComponent(warehouse)}&limit=200`);
    const found = [];
    for (const { rack_id: rack } of items) {
        if (found.length === wanted) return found;
        const page = await call("GET", `/api/racks/${encodeURIComponent(rack)}/items?limit=500`);
        const plain = page.items.filter((item) => item.expected && !item.serial_tracked && !item.lot_tracked);
        if (plain.length >= least && plain.length === page.items.length) found.push({ rack, items: plain });
    }
    throw new Error(`only ${found.length} racks of ${wanted} are free`);
}

export const bookFrozen = (call, count) => until("the book", async () => (await call("GET", `/api/sessions/${count}`)).book_state === "frozen", 120_000);

/** The line of an item once it is as `is` says. */
export const lineOf = (call, count, item, is = () => true) =>
    until(`the line of ${item}`, async () => {
        const { items } = await call("GET", `/api/sessions/${count}/review?item=${encodeURIComponent(item)}`);
        return items.length > 0 && is(items[0]) ? items[0] : null;
    });
