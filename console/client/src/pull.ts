import type { Schema } from "./api.js";
import type { Auth } from "./auth.js";
import type { LookUp, PulledRack, PullProgress, RackItem } from "./client.js";
import { gtinOf, readScan } from "./gs1.js";
import { beginning, joined } from "./keys.js";
import type { Platform } from "./platform.js";
import type { Change, Database } from "./store/store.js";

const page = 500;

/** A list that is older is taken once more before it is added to. */
const freshFor = 24 * 3600_000;

/** Where the taking of a rack's items stands. */
export interface Pulled {
    v: 1;
    /** Wall clock, when it was taken; builds before this one did not say. */
    at?: number;
    count_id: string | null;
    round: number | null;
    next_since: string;
}

interface RackPage {
    count_id: string | null;
    round: number | null;
    items: Schema<"ExpectedItem">[];
    next_cursor: string | null;
    next_since: string;
}

interface CodeRow {
    v: 1;
    rack_id: string;
    item_code: string;
    pack: { uom: string; factor: number } | null;
}

/** Members of packs and lots, which an answer may lack. */
interface MayHave {
    packs?: { uom: string; factor: number; barcodes?: string[] }[] | null;
    lot_tracked?: boolean;
}

/**
 * What a phone takes with it: racks, their items, and which codes are whose. Only what is named in `kept` is written:
 * book quantities, stock, and what others counted are never on the device, since a count may be made blind later.
 */
export class Pull {
    /** Book quantities of this page's pulls, for strict counts: they go with the page. */
    readonly #books = new Map<string, number>();

    constructor(
        private readonly platform: Platform,
        private readonly auth: Auth,
        private readonly database: Database,
        private readonly userId: string,
    ) {}

    #put(store: "racks" | "items" | "codes" | "state", key: string, value: object): Change {
        return { kind: "put", store, key, stamp: this.platform.uuid(), value };
    }

    // ---- Racks

    async pullRacks(floor: string | undefined): Promise<number> {
        const found = new Map<string, PulledRack>();
        let cursor: string | null = null;
        do {
            const query: { [name: string]: string | number | null | undefined } = { show: "all", floor, limit: page, cursor };
            const answer = await this.auth.call(this.userId, { method: "GET", path: "/api/racks/available", query });
            const { items, next_cursor } = answer.data as { items: Schema<"Rack">[]; next_cursor: string | null };
            for (const { rack_id, warehouse, floor: where, zone, status, estimated_items, assigned_to, holder } of items) {
                const people = { ...(assigned_to == null ? {} : { assigned_to }), ...(holder == null ? {} : { holder }) };
                found.set(joined(where, rack_id), { v: 1, rack_id, warehouse, floor: where, zone, status, estimated_items, ...people });
            }
            cursor = next_cursor;
        } while (cursor !== null);
        const before = await this.database.scan("racks", floor === undefined ? {} : { prefix: beginning(floor) });
        const gone = before.filter(({ key }) => !found.has(key)).map(({ key }): Change => ({ kind: "delete", store: "racks", key }));
        await this.database.write([...gone, ...[...found].map(([key, rack]) => this.#put("racks", key, rack))]);
        return found.size;
    }

    async racks(floor: string | undefined): Promise<PulledRack[]> {
        return (await this.database.scan("racks", floor === undefined ? {} : { prefix: beginning(floor) })).map(({ value }) => value as PulledRack);
    }

    // ---- Items

    /** What changed since, or all of it where the round is another. Returns how many items the rack has here. */
    async pullRack(rackId: string, onProgress: (progress: PullProgress) => void): Promise<number> {
        const state = pulledKey(rackId);
        const before = await this.#hold(state);
        const whole = (await this.#takeRack(rackId, before, onProgress)) ?? (await this.#takeRack(rackId, undefined, onProgress));
        if (whole !== undefined) await this.database.write([this.#put("state", state, whole)]);
        return this.database.count("items", beginning(rackId));
    }

    /** What of a rack is here: an old list is about to be forgotten, which this forbids. */
    async #hold(state: string): Promise<Pulled | undefined> {
        const row = await this.database.get("state", state);
        const pulled = row?.value as Pulled | undefined;
        const now = this.platform.wall();
        if (row === undefined || pulled === undefined || now - (pulled.at ?? 0) < freshFor) return pulled;
        return (await this.database.write([{ ...this.#put("state", state, { ...pulled, at: now }), expect: row.stamp }])) ? pulled : undefined;
    }

    /** `undefined`: the round is another than `before`'s, whose list says nothing of it. */
    async #takeRack(rackId: string, before: Pulled | undefined, onProgress: (progress: PullProgress) => void): Promise<Pulled | undefined> {
        const seen = new Set<string>();
        let cursor: string | null = null;
        let next: Pulled;
        do {
            const query = { limit: page, cursor, since: before?.next_since };
            const path = `/api/racks/${encodeURIComponent(rackId)}/items`;
            const answer = (await this.auth.call(this.userId, { method: "GET", path, query })).data as RackPage;
            if (before !== undefined && (answer.count_id !== before.count_id || answer.round !== before.round)) return undefined;
            await this.#keep(rackId, answer.items);
            for (const { item_code, deleted } of answer.items) if (!deleted) seen.add(item_code);
            next = { v: 1, at: this.platform.wall(), count_id: answer.count_id, round: answer.round, next_since: answer.next_since };
            cursor = answer.next_cursor;
            onProgress({ done: seen.size, stage: "items" });
        } while (cursor !== null);
        if (before === undefined) await this.#forgetOthers(rackId, seen);
        return next;
    }

    async #keep(rackId: string, items: readonly Schema<"ExpectedItem">[]): Promise<void> {
        const changes: Change[] = [];
        for (const item of items) {
            if (item.deleted) {
                changes.push(...(await this.#forget(rackId, item.item_code)));
                continue;
            }
            if (typeof item.book_qty === "number") this.#books.set(joined(rackId, item.item_code), item.book_qty);
            const kept = toRackItem(rackId, item);
            changes.push(this.#put("items", joined(rackId, item.item_code), kept));
            for (const [code, pack] of codesOf(kept)) {
                changes.push(this.#put("codes", joined(code, rackId, item.item_code), { v: 1, rack_id: rackId, item_code: item.item_code, pack } satisfies CodeRow));
            }
        }
        await this.database.write(changes);
    }

    async #forgetOthers(rackId: string, seen: ReadonlySet<string>): Promise<void> {
        for (const { item_code } of await this.items(rackId)) {
            if (!seen.has(item_code)) await this.database.write(await this.#forget(rackId, item_code));
        }
    }

    async #forget(rackId: string, itemCode: string): Promise<Change[]> {
        const row = await this.database.get("items", joined(rackId, itemCode));
        return row === undefined ? [] : forgetting(row.value as RackItem);
    }

    items(rackId: string): Promise<RackItem[]> {
        return listOf(this.database, rackId);
    }

    bookQuantity(rackId: string, itemCode: string): number | null {
        return this.#books.get(joined(rackId, itemCode)) ?? null;
    }

    // ---- Codes

    /** What was scanned as it is goes first, then what it says: a lot may look like an element string. */
    async lookUp(code: string, rackId: string | undefined): Promise<LookUp> {
        const scan = readScan(code, new Date(this.platform.wall()).getFullYear());
        for (const each of [scan.text, scan.gtin, scan.item]) {
            if (each === undefined || each === "") continue;
            const rows = (await this.database.scan("codes", { prefix: beginning(each) })).map(({ value }) => value as CodeRow);
            const here = rows.filter((row) => row.rack_id === rackId);
            const chosen = here.length > 0 ? here : rows;
            if (chosen.length === 0) continue;
            return { scan, items: await this.#itemsOf(chosen), pack: chosen[0]?.pack ?? null };
        }
        return { scan, ...(await this.#inAnyCase(scan.text, rackId)) };
    }

    /** A scanner whose keyboard has its capitals locked turns every letter round: of this rack's codes that is one, if any is. */
    async #inAnyCase(text: string, rackId: string | undefined): Promise<Pick<LookUp, "items" | "pack">> {
        const wanted = text.toLowerCase();
        const none = { items: [], pack: null };
        if (rackId === undefined || wanted === text.toUpperCase()) return none;
        const found: RackItem[] = [];
        let pack: LookUp["pack"] = null;
        for (const item of await this.items(rackId)) {
            const [row] = [...codesOf(item)].filter(([code]) => code.toLowerCase() === wanted);
            if (row === undefined) continue;
            found.push(item);
            pack ??= row[1];
        }
        return found.length === 0 ? none : { items: found, pack };
    }

    async #itemsOf(rows: readonly CodeRow[]): Promise<RackItem[]> {
        const items = new Map<string, RackItem>();
        for (const { rack_id, item_code } of rows) {
            if (items.has(item_code)) continue;
            const row = await this.database.get("items", joined(rack_id, item_code));
            if (row !== undefined) items.set(item_code, row.value as RackItem);
        }
        return [...items.values()];
    }
}

export const pulledKey = (rackId: string): string => `pull/${rackId}`;

export async function listOf(database: Database, rackId: string): Promise<RackItem[]> {
    return (await database.scan("items", { prefix: beginning(rackId) })).map(({ value }) => value as RackItem);
}

/** What takes an item off a rack's list. */
export function forgetting(item: RackItem): Change[] {
    const { rack_id, item_code } = item;
    const codes = [...codesOf(item).keys()];
    return [{ kind: "delete", store: "items", key: joined(rack_id, item_code) }, ...codes.map((code): Change => ({ kind: "delete", store: "codes", key: joined(code, rack_id, item_code) }))];
}

function toRackItem(rack_id: string, item: Schema<"ExpectedItem"> & MayHave): RackItem {
    return {
        v: 1,
        rack_id,
        item_code: item.item_code,
        item_name: item.item_name ?? null,
        barcodes: [...new Set([...item.barcodes, item.barcode, item.manual_barcode].filter((code): code is string => typeof code === "string" && code !== ""))],
        category: item.category ?? null,
        subcategory: item.subcategory ?? null,
        uom: item.uom ?? null,
        packs: (item.packs ?? []).map(({ uom, factor, barcodes }) => ({ uom, factor, barcodes: barcodes ?? [] })),
        mrp: item.mrp ?? null,
        serial_tracked: item.serial_tracked,
        lot_tracked: item.lot_tracked === true,
        expected: item.expected,
        counted_by: item.counted_by.map(({ client_record_id, session_id, user_id, full_name, lot, partial, declared_empty }) => ({
            client_record_id,
            session_id,
            user_id,
            full_name,
            lot,
            partial,
            declared_empty,
        })),
    };
}

/** Every code under which an item is looked up, and the pack it is of. */
function codesOf(item: RackItem): Map<string, { uom: string; factor: number } | null> {
    const codes = new Map<string, { uom: string; factor: number } | null>();
    const add = (code: string, pack: { uom: string; factor: number } | null): void => {
        for (const each of [code, gtinOf(code)]) if (each !== undefined && !codes.has(each)) codes.set(each, pack);
    };
    add(item.item_code, null);
    for (const code of item.barcodes) add(code, null);
    for (const { uom, factor, barcodes } of item.packs) for (const code of barcodes) add(code, { uom, factor });
    return codes;
}
