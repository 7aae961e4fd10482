import type { SessionRow } from "./lease.js";
import type { Platform } from "./platform.js";
import { forgetting, listOf, type Pulled, pulledKey } from "./pull.js";
import type { Queue } from "./queue.js";
import { recordKey } from "./record.js";
import type { Change, Database } from "./store/store.js";

/** What is over for so long is forgotten here; the server has it. */
const keepFor = 7 * 24 * 3600_000;

/** Forgets sessions that ended a while ago, with their records, and the lists of racks that nobody took or has since. */
export async function tidy(platform: Platform, database: Database, queue: Queue): Promise<void> {
    const racks = new Set<string>();
    for (const { key, value } of await database.scan("sessions")) {
        const { ended_at, rack } = value as SessionRow;
        if (ended_at === undefined || platform.wall() - ended_at < keepFor || !(await forgetSession(key, database, queue))) racks.add(rack.rack_id);
    }
    await tidyLists(platform, database, racks);
}

/** `false`: something of it is still to be sent or decided. */
async function forgetSession(key: string, database: Database, queue: Queue): Promise<boolean> {
    const records = await queue.ofSession(key);
    if (records.some(({ state }) => state === "unsent" || state === "refused" || state === "conflict")) return false;
    const gone = records.map(({ record }): Change => ({ kind: "delete", store: "records", key: recordKey(key, record.client_record_id) }));
    return database.write([...gone, { kind: "delete", store: "sessions", key }]);
}

async function tidyLists(platform: Platform, database: Database, held: ReadonlySet<string>): Promise<void> {
    const now = platform.wall();
    for (const { key, stamp, value } of await database.scan("state", { prefix: pulledKey("") })) {
        const pulled = value as Pulled;
        const rackId = key.slice(pulledKey("").length);
        if (held.has(rackId)) continue;
        if (pulled.at === undefined || pulled.at > now) {
            // Of a build that did not say when, or by a calendar that was ahead: it counts from now.
            await database.write([{ kind: "put", store: "state", key, stamp: platform.uuid(), value: { ...pulled, at: now }, expect: stamp }]);
        } else if (now - pulled.at >= keepFor) {
            const list = await listOf(database, rackId);
            await database.write([...list.flatMap(forgetting), { kind: "delete", store: "state", key, expect: stamp }], "recoverable");
        }
    }
}
