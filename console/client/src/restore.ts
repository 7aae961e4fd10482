import type { Record, Schema } from "./api.js";
import type { DeskParts } from "./desk.js";
import { type DeviceRecord, recordKey } from "./record.js";

/** Brings what the server has of a session to this device; what is here already stays as it is. Returns how many came. */
export async function restore({ auth, database, platform, user }: Pick<DeskParts, "auth" | "database" | "platform" | "user">, sessionId: string): Promise<number> {
    let after = 0;
    let restored = 0;
    for (let more = true; more; ) {
        const path = `/api/sessions/${encodeURIComponent(sessionId)}/records`;
        const answer = await auth.call(user.user_id, { method: "GET", path, query: { after, limit: 500 } });
        const page = answer.data as { items: Schema<"StoredRecord">[]; next_after: number; more: boolean };
        for (const stored of page.items) {
            if (stored.user_id !== user.user_id) continue;
            const row: DeviceRecord = { v: 1, record: toRecord(stored, sessionId), state: "stored", order: stored.seq ?? 0, queue_key: null };
            const key = recordKey(sessionId, stored.client_record_id);
            if (await database.write([{ kind: "put", store: "records", key, stamp: platform.uuid(), value: row, expect: null }])) restored += 1;
        }
        after = page.next_after;
        more = page.more;
    }
    return restored;
}

/** Members of a record as a device sends it; the server's own are left where they are. */
const recordMembers = [
    "item_code", "unknown_item_id", "verified_qty", "status", "created_at", "updated_at", "rack_id", "floor", "damage_qty",
    "non_returnable_damaged_qty", "partial", "revision", "serial_numbers", "condition", "mfg_date", "expiry_date", "lot", "mrp", "uom", "category",
    "subcategory", "damage_reason", "variance_reason", "variance_confirmed", "correction_reason", "remark", "photo_proofs", "replaces",
] as const satisfies readonly (keyof Record)[];

function toRecord(stored: Schema<"StoredRecord">, session_id: string): Record {
    const sent = stored as unknown as { [member: string]: unknown };
    // A find that is linked by now has its item's code, too: the device says the one that it said.
    const said = recordMembers.filter((name) => name !== "item_code" || sent["unknown_item_id"] === undefined);
    const members = said.filter((name) => sent[name] !== undefined && sent[name] !== null).map((name) => [name, sent[name]] as const);
    return { ...(Object.fromEntries(members) as unknown as Record), client_record_id: stored.client_record_id, session_id };
}
