import assert from "node:assert/strict";
import { test } from "node:test";
import type { BatchVerdict, Record } from "../src/api.js";
import type { Client, ClientOptions } from "../src/client.js";
import { type Database, type Need, StorageFull, type StoreName } from "../src/store/store.js";
import { quantity } from "../src/quantity.js";
import type { DeviceRecord } from "../src/record.js";
import type { Tab } from "./sim/device.js";
import { refusal, Stage, success } from "./sim/stage.js";

const count = (stage: Stage, client: Client, session_id: string, item_code: string, qty: number | string = 1): Promise<DeviceRecord> =>
    stage.world.of(client.count({ session_id, item_code, verified_qty: quantity(qty) }));

async function counting(stage: Stage): Promise<{ client: Client; session: string }> {
    const client = await stage.loggedIn();
    const { session_id } = await stage.world.of(client.claim("R1"));
    return { client, session: session_id };
}

const recordsOf = ({ body }: { body: string }): Record[] => (JSON.parse(body) as { records: Record[] }).records;

test("records that are added while a batch is under way are sent, too", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    stage.network.weather = { lose: 0, loseAnswer: 0, double: 0, delay: 2_000 };
    for (let i = 0; i < 30; i++) {
        await count(stage, client, session, `I${i}`);
        await stage.world.run(100);
    }
    await stage.world.until(() => client.queue.value.all_safe);
    assert.equal(stage.server.stored.size, 30);
});

test("batches have at most what the server takes, the oldest first", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    stage.network.down = true;
    for (let i = 0; i < 12; i++) await count(stage, client, session, `I${i}`);
    stage.network.down = false;
    await stage.world.until(() => client.queue.value.all_safe);
    const batches = stage.paths("/api/sync/batch").map(recordsOf);
    assert.deepEqual(batches.map((batch) => batch.length), [5, 5, 2]);
    assert.deepEqual(batches.flat().map(({ item_code }) => item_code), Array.from({ length: 12 }, (_, i) => `I${i}`));
});

test("an answer that was lost brings the same records again, under the same ids", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    let lost = 2;
    stage.instead("/api/sync/batch", () => (lost-- > 0 ? new Response("<html>bad gateway</html>", { status: 502 }) : undefined));
    const { record } = await count(stage, client, session, "I1");
    await stage.world.until(() => client.queue.value.all_safe);
    assert.deepEqual([...stage.server.stored.keys()], [record.client_record_id]);
});

test("Retry-After is honoured, and otherwise the wait grows from 2 s to 5 min", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    const at: number[] = [];
    stage.instead("/api/sync/batch", () => {
        at.push(stage.world.now);
        return at.length === 1 ? refusal(429, "rate_limited", { "Retry-After": "40" }) : refusal(503, "unavailable");
    });
    await count(stage, client, session, "I1");
    await stage.world.run(4 * 3_600_000);
    const waits = at.slice(1).map((time, i) => time - (at[i] ?? 0));
    assert.ok((waits[0] ?? 0) >= 40_000);
    assert.ok(waits.every((wait) => wait >= 2_000 && wait <= 300_500), String(waits));
    assert.ok((waits.at(-1) ?? 0) > 120_000);
    assert.equal(client.queue.value.problem, "server_busy");
});

test("one that is refused moves aside with its reason, holds up none, and is repaired under its id", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    stage.server.verdicts.set("BAD", "refused");
    stage.network.down = true;
    for (const item of ["I1", "BAD", "I2"]) await count(stage, client, session, item);
    stage.network.down = false;
    await stage.world.until(() => client.queue.value.unsent === 0);
    assert.deepEqual([client.queue.value.refused, stage.server.stored.size, client.queue.value.all_safe], [1, 2, false]);
    const [refused] = await stage.world.of(client.refused());
    assert.deepEqual([refused?.state, refused?.refusal?.field, refused?.record.item_code], ["refused", "verified_qty", "BAD"]);
    stage.server.verdicts.clear();
    const id = refused?.record.client_record_id ?? "";
    await stage.world.of(client.edit(session, id, { verified_qty: quantity(2) }));
    await stage.world.until(() => client.queue.value.all_safe);
    assert.equal(stage.server.stored.get(id)?.record.verified_qty, 2);
});

test("a body that the server can't take is cut until the one record is found that is the reason", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    stage.instead("/api/sync/batch", (init) => (String(init.body).includes("POISON") ? refusal(400, "json_invalid") : undefined));
    stage.network.down = true;
    for (const item of ["I1", "I2", "POISON", "I3", "I4", "I5", "I6"]) await count(stage, client, session, item);
    stage.network.down = false;
    await stage.world.until(() => client.queue.value.unsent === 0);
    assert.equal(stage.server.stored.size, 6);
    assert.equal((await stage.world.of(client.refused()))[0]?.record.item_code, "POISON");
});

test("`retry` keeps a record, and one the server did not speak of is sent again", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    stage.server.verdicts.set("LATER", "later");
    let silent = true;
    stage.instead("/api/sync/batch", () => {
        if (!silent) return undefined;
        silent = false;
        return success({ ok: [], conflicts: [], errors: [], batch_id: "b", processing_time_ms: 1, total_records: 1 } satisfies BatchVerdict);
    });
    await count(stage, client, session, "LATER");
    await stage.world.until(() => client.queue.value.all_safe);
    assert.equal(client.queue.value.refused, 0);
    assert.equal(stage.server.stored.size, 1);
});

test("a conflict waits for a person; an edit that is stored, or a decision, ends it", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    let taken = 0;
    stage.instead("/api/sync/batch", (init) => {
        const [record] = recordsOf({ body: String(init.body) });
        if (record === undefined || record.revision !== 1) return undefined;
        taken += 1;
        const verdict = { client_record_id: record.client_record_id, conflict_id: `c${taken}`, type: "duplicate_count" as const, message: "there is one" };
        return success({ ok: [], conflicts: [verdict], errors: [], batch_id: "b", processing_time_ms: 1, total_records: 1 } satisfies BatchVerdict);
    });
    const first = await count(stage, client, session, "I1");
    const second = await count(stage, client, session, "I2");
    await stage.world.until(() => client.queue.value.conflicts === 2);
    assert.deepEqual([client.queue.value.unsent, (await stage.world.of(client.conflicts()))[0]?.type], [0, "duplicate_count"]);
    await stage.world.of(client.edit(session, first.record.client_record_id, { replaces: ["other"] }));
    await stage.world.until(() => client.queue.value.conflicts === 1);
    stage.instead("/api/sync/conflicts/c2/resolve", () => success({ conflict_id: "c2", status: "resolved" }));
    const [open] = await stage.world.of(client.conflicts());
    await stage.world.of(client.resolveConflict(open?.conflict_id ?? "", "keep_server"));
    await stage.world.run(1_000);
    const rows = await stage.world.of(client.records(session));
    assert.deepEqual(rows.map(({ record, state }) => [record.item_code, state]), [["I1", "stored"], ["I2", "decided"]]);
    assert.equal(second.record.item_code, "I2");
});

test("a finish waits for every verdict, shows what holds it up, and is told with the number of records", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    stage.server.verdicts.set("BAD", "refused");
    stage.network.down = true;
    await count(stage, client, session, "I1");
    const bad = await count(stage, client, session, "BAD");
    await stage.world.of(client.complete(session));
    await stage.world.run(60_000);
    assert.deepEqual([client.racks.value[0]?.lease, client.racks.value[0]?.finish?.blocked_by, stage.server.completions.length], ["finishing", "unsent", 0]);
    stage.network.down = false;
    await stage.world.until(() => client.racks.value[0]?.finish?.blocked_by === "refused");
    await stage.world.run(60_000);
    assert.equal(stage.server.completions.length, 0);
    stage.server.verdicts.clear();
    await stage.world.of(client.void(session, bad.record.client_record_id));
    await stage.world.until(() => client.racks.value[0]?.lease === "ended");
    assert.deepEqual(stage.server.completions.map(({ records, stored }) => [records, stored]), [[2, 2]]);
    await stage.world.until(() => client.queue.value.all_safe);
});

test("a server that lost records gets them again before the rack is completed", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    for (const item of ["I1", "I2", "I3"]) await count(stage, client, session, item);
    await stage.world.until(() => client.queue.value.all_safe);
    stage.server.stored.clear();
    await stage.world.of(client.complete(session));
    await stage.world.until(() => client.racks.value[0]?.lease === "ended");
    assert.equal(stage.server.stored.size, 3);
});

test("finished here, taken over by another: both are shown", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    stage.network.down = true;
    await stage.world.of(client.complete(session));
    await stage.world.run(120_000);
    stage.server.takeOver("dora", "R1");
    stage.network.down = false;
    await stage.world.until(() => client.racks.value[0]?.lease === "ended");
    assert.equal(client.racks.value[0]?.holder?.user_id, "dora");
});

test("a device without room counts nothing and says so", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    let full = false;
    const store = {
        open: async (name: string): Promise<Database> => {
            const database = await tab.store.open(name);
            return { ...database, write: (changes: Parameters<typeof database.write>[0]) => (full ? Promise.reject(new StorageFull("full")) : database.write(changes)) };
        },
    };
    const client = await stage.loggedIn("asha", tab, { store, onFault: () => undefined });
    const { session_id } = await stage.world.of(client.claim("R1"));
    full = true;
    await assert.rejects(count(stage, client, session_id, "I1"), StorageFull);
    full = false;
    assert.equal((await stage.world.of(client.records(session_id))).length, 0);
    assert.equal(client.queue.value.unsent, 0);
});

test("large batches go packed, small ones as they are, and all as they are where nobody takes packed ones", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const packed: string[] = [];
    const pack = (text: string): Promise<Uint8Array> => {
        packed.push(text);
        return Promise.resolve(new TextEncoder().encode("packed"));
    };
    const client = await stage.loggedIn("asha", tab, { platform: { ...tab.platform, pack } });
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.instead("/api/sync/batch", (init) => {
        const isPacked = new Headers(init.headers).get("Content-Encoding") === "gzip";
        assert.equal(typeof init.body !== "string", isPacked);
        return isPacked ? refusal(415, "media_type") : undefined;
    });
    await count(stage, client, session_id, "I1");
    await stage.world.until(() => client.queue.value.all_safe);
    assert.equal(packed.length, 0);
    const remark = "r".repeat(4_000);
    for (const item_code of ["I2", "I3"]) {
        await stage.world.of(client.count({ session_id, item_code, verified_qty: quantity(1), remark }));
        await stage.world.until(() => client.queue.value.all_safe);
    }
    assert.equal(packed.length, 1, "it was tried once");
    assert.equal(stage.server.stored.size, 3);
});

test("a tab hears that another one wrote, and finds it", async () => {
    const stage = new Stage();
    const { client: one, session } = await counting(stage);
    const two = stage.client();
    await stage.world.of(two.start());
    await stage.world.run(1_000);
    const before = two.changes.value;
    await count(stage, one, session, "I1");
    await stage.world.run(10);
    assert.ok(two.changes.value > before);
    assert.equal((await stage.world.of(two.records(session))).length, 1);
});

test("two tabs send each record once, and both show that it is safe", async () => {
    const stage = new Stage();
    const one = await stage.loggedIn();
    const two = await stage.loggedIn();
    const { session_id } = await stage.world.of(one.claim("R1"));
    await stage.world.run(1_000);
    assert.equal(two.racks.value[0]?.session_id, session_id);
    for (let i = 0; i < 10; i++) {
        await count(stage, one, session_id, `A${i}`);
        await count(stage, two, session_id, `B${i}`);
    }
    await stage.world.until(() => one.queue.value.all_safe && two.queue.value.all_safe);
    const sent = stage.paths("/api/sync/batch").flatMap(recordsOf);
    assert.deepEqual([sent.length, stage.server.stored.size], [20, 20]);
});

test("scans, unknown items and photos arrive once, and a photo that can't be stored refuses no record", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    stage.instead("/api/photos/bad", () => refusal(422, "validation_failed"));
    stage.network.down = true;
    const photo = await stage.world.of(client.addPhoto(new Uint8Array(10), "image/jpeg"));
    await stage.world.of(client.reportUnknown({ code: "4006381333931", photos: [photo], session_id: session }));
    await stage.world.of(client.count({ session_id: session, item_code: "I1", verified_qty: quantity(3), photo_proofs: [photo] }, [{ barcode: "1", quantity: quantity(1) }, { barcode: "1", quantity: quantity(2) }]));
    stage.network.down = false;
    await stage.world.until(() => client.queue.value.all_safe);
    const { server } = stage;
    assert.deepEqual([server.stored.size, server.lines.size, server.unknown.size, server.photos.get(photo)], [1, 2, 1, 10]);
});

test("an export has what is unsent and refused, in the shape that the server takes", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn("asha", undefined, { app: { name: "console", version: "1.2.3" } });
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.server.verdicts.set("BAD", "refused");
    await count(stage, client, session_id, "OK");
    await count(stage, client, session_id, "BAD");
    await stage.world.until(() => client.queue.value.unsent === 0);
    stage.network.down = true;
    await stage.world.of(client.count({ session_id, item_code: "NEW", verified_qty: quantity("2.5") }, [{ barcode: "9" }]));
    const unknown = await stage.world.of(client.reportUnknown({ name: "a box" }));
    const file = await stage.world.of(client.exportUnsent());
    assert.deepEqual(file.records.map(({ item_code, verified_qty }) => [item_code, verified_qty]), [["NEW", 2.5], ["BAD", 1]]);
    assert.deepEqual([file.format, file.version, file.app, file.user], ["stockverify-unsent", 1, "console 1.2.3", { user_id: "asha", username: "asha" }]);
    assert.deepEqual([file.unknown_items[0]?.unknown_item_id, file.count_lines[0]?.session_id, file.count_lines[0]?.barcode], [unknown, session_id, "9"]);
});

test("what is lost with a battery is verdicts, never figures: the first wait for no disk, the second do", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const { store } = tab;
    const needs: string[] = [];
    const watched = {
        open: async (name: string): Promise<Database> => {
            const database = await store.open(name);
            const note = (changes: readonly { store: StoreName; kind: string }[], need: Need | undefined): void => {
                for (const change of changes) if (change.store === "queue" && name !== "device") needs.push(`${change.kind} ${need ?? "kept"}`);
            };
            return {
                ...database,
                write: (changes, need) => (note(changes, need), database.write(changes, need)),
                revise: (span, touching, change, need) =>
                    database.revise(span, touching, (rows) => {
                        const changes = change(rows);
                        note(changes, need);
                        return changes;
                    }, need),
            };
        },
    };
    const client = await stage.loggedIn("asha", tab, { store: watched });
    const { session_id } = await stage.world.of(client.claim("R1"));
    await count(stage, client, session_id, "I1");
    await stage.world.until(() => client.queue.value.all_safe);
    assert.deepEqual(needs, ["put kept", "clear recoverable"]);
});

test("verdicts that come quickly are written several batches at once, slow ones and what a person must see each at once", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const { store } = tab;
    const written: number[] = [];
    const watched = {
        open: async (name: string): Promise<Database> => {
            const database = await store.open(name);
            return {
                ...database,
                revise: (span, touching, change, need) =>
                    database.revise(span, touching, (rows) => {
                        written.push(rows.length);
                        return change(rows);
                    }, need),
            };
        },
    };
    const client = await stage.loggedIn("asha", tab, { store: watched });
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.weather = { lose: 0, loseAnswer: 0, double: 0, delay: 0 };
    let slowness = 0;
    const { fetch } = stage.network;
    stage.network.fetch = async (...call) => {
        const response = await fetch.apply(stage.network, call);
        await stage.world.pause(slowness);
        return response;
    };
    const send = async (codes: readonly string[], milliseconds: number): Promise<number[]> => {
        stage.network.down = true;
        for (const code of codes) await count(stage, client, session_id, code);
        written.length = 0;
        slowness = milliseconds;
        stage.network.down = false;
        await stage.world.until(() => client.queue.value.unsent === 0 && !client.queue.value.sending);
        return [...written];
    };
    assert.deepEqual(await send(items(0, 35), 0), [25, 10]);
    assert.deepEqual(await send(items(35, 55), 1_000), [5, 5, 5, 5]);
    stage.server.verdicts.set("I61", "refused");
    assert.deepEqual(await send(items(55, 75), 0), [10, 10]);
    assert.deepEqual([client.queue.value.refused, stage.server.stored.size], [1, 74]);
});

test("verdicts that were not written yet when the app was killed are given again, and nothing is stored twice", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const client = await stage.loggedIn("asha", tab);
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    for (const code of items(0, 40)) await count(stage, client, session_id, code);
    stage.network.weather = { lose: 0, loseAnswer: 0, double: 0, delay: 20 };
    stage.network.down = false;
    await stage.world.until(() => stage.server.stored.size >= 15);
    assert.ok(client.queue.value.unsent > 0);
    tab.kill();
    const again = stage.phone.open();
    const next = await stage.loggedIn("asha", again);
    await stage.world.until(() => next.queue.value.all_safe);
    assert.equal(stage.server.stored.size, 40);
    assert.ok((await stage.world.of(next.records(session_id))).every(({ state }) => state === "stored"));
});

test("a long queue is counted and read from end to end for no figure and no batch", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const { store } = tab;
    const seen = { whole: 0, rows: 0 };
    const watched = {
        open: async (name: string): Promise<Database> => {
            const database = await store.open(name);
            return {
                ...database,
                count: (from, prefix) => (from === "queue" && (seen.whole += 1), database.count(from, prefix)),
                scan: async (from, range) => {
                    const rows = await database.scan(from, range);
                    if (from === "queue") seen.rows += rows.length;
                    return rows;
                },
            };
        },
    };
    const client = await stage.loggedIn("asha", tab, { store: watched });
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    await count(stage, client, session_id, "I0");
    await stage.world.run(1_000);
    seen.whole = 0;
    for (let i = 1; i < 200; i++) await stage.world.of(client.count({ session_id, item_code: `I${i}`, verified_qty: quantity(1) }));
    assert.ok(seen.whole <= 20, `${seen.whole} counts for 200 figures`);
    stage.network.down = false;
    Object.assign(seen, { whole: 0, rows: 0 });
    await stage.world.of(client.sync());
    await stage.world.until(() => client.queue.value.all_safe && !client.queue.value.sending);
    assert.equal(stage.server.stored.size, 200);
    assert.ok(seen.whole <= 12, `${seen.whole} counts for 40 batches`);
    assert.ok(seen.rows <= 210, `${seen.rows} rows read to send 200`);
});

test("failures are counted in a row: where every other answer is lost the wait stays short", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    let batches = 0;
    const before = stage.server.answer.bind(stage.server);
    stage.server.answer = (url, init) => {
        const answer = before(url, init);
        return url.endsWith("/api/sync/batch") && batches++ % 2 === 0 ? new Response("", { status: 502 }) : answer;
    };
    const ids: string[] = [];
    for (let i = 0; i < 10; i++) ids.push((await count(stage, client, session, `I${i}`)).record.client_record_id);
    for (let i = 0; i < 200; i++) {
        await stage.world.of(client.edit(session, ids[i % 10] ?? "", { verified_qty: quantity(i) }));
        await stage.world.run(80);
    }
    const { next_try } = client.queue.value;
    assert.ok(next_try === null || next_try - stage.phone.open().platform.wall() <= 4_000);
    await stage.world.until(() => client.queue.value.all_safe, 30_000);
});

/** What a tab keeps, with some of it done otherwise. */
function keeping(tab: Tab, otherwise: (database: Database) => Partial<Database>): Partial<ClientOptions> {
    const open = async (name: string): Promise<Database> => {
        const database = await tab.store.open(name);
        return { ...database, ...otherwise(database) };
    };
    return { store: { open } };
}

/** Something that waits until it may go on. */
function gate(): { open: () => void; reached: boolean; pass(): Promise<void> } {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    return {
        open,
        reached: false,
        pass() {
            this.reached = true;
            return opened;
        },
    };
}

const itemsOf = (stage: Stage): (string | undefined)[][] => stage.paths("/api/sync/batch").map((batch) => recordsOf(batch).map(({ item_code }) => item_code));
const items = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `I${from + i}`);

test("of a record that is simply stored nothing is written, and whoever looks finds it stored", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const written: string[] = [];
    const client = await stage.loggedIn("asha", tab, keeping(tab, (database) => ({
        revise: (span, touching, change, need) =>
            database.revise(span, touching, (rows) => {
                const changes = change(rows);
                written.push(...changes.map(({ kind, store }) => `${kind} ${store}`));
                return changes;
            }, need),
    })));
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    const { record } = await count(stage, client, session_id, "I0");
    for (const item of items(1, 5)) await count(stage, client, session_id, item);
    const statesOf = async (of: Client): Promise<string[]> => (await stage.world.of(of.records(session_id))).map(({ state }) => state);
    assert.deepEqual(await statesOf(client), Array(5).fill("unsent"));
    stage.network.down = false;
    await stage.world.until(() => client.queue.value.all_safe);
    assert.deepEqual(written, ["clear queue"]);
    assert.deepEqual(await statesOf(client), Array(5).fill("stored"));

    tab.kill();
    const later = stage.client();
    await stage.world.of(later.start());
    assert.deepEqual(await statesOf(later), Array(5).fill("stored"));
    stage.network.down = true;
    await stage.world.of(later.edit(session_id, record.client_record_id, { verified_qty: quantity(7) }));
    assert.deepEqual([await statesOf(later), later.queue.value.unsent], [["unsent", ...Array(4).fill("stored")], 1]);
    stage.network.down = false;
    await stage.world.until(() => later.queue.value.all_safe);
    assert.deepEqual([stage.server.stored.size, stage.server.stored.get(record.client_record_id)?.record.verified_qty], [5, 7]);
});

test("a record that is stored between the looks of its edit is sent again, and counted as unsent", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const looked = gate();
    let isHeld = false;
    const client = await stage.loggedIn("asha", tab, keeping(tab, (database) => ({
        get: async (store, key) => {
            const row = await database.get(store, key);
            if (isHeld && store === "queue") await looked.pass();
            return row;
        },
    })));
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    const { record } = await count(stage, client, session_id, "I1");
    isHeld = true;
    const edited = client.edit(session_id, record.client_record_id, { verified_qty: quantity(9) });
    await stage.world.until(() => looked.reached);
    stage.network.down = false;
    client.sync().catch(() => undefined);
    await stage.world.until(() => client.queue.value.all_safe && !client.queue.value.sending);
    stage.network.down = true;
    looked.open();
    const { state } = await stage.world.of(edited);
    assert.deepEqual([state, client.queue.value.unsent, client.queue.value.all_safe], ["unsent", 1, false]);
    stage.network.down = false;
    await stage.world.until(() => client.queue.value.all_safe);
    assert.equal(stage.server.stored.get(record.client_record_id)?.record.verified_qty, 9);
});

test("a record that is edited when its batch was read already is sent in its newest revision", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    stage.network.down = true;
    const rows: DeviceRecord[] = [];
    for (const item of items(0, 10)) rows.push(await count(stage, client, session, item));
    stage.network.weather = { lose: 0, loseAnswer: 0, double: 0, delay: 2_000 };
    stage.network.down = false;
    client.sync().catch(() => undefined);
    await stage.world.until(() => stage.paths("/api/sync/batch").length === 1);
    const id = rows[7]?.record.client_record_id ?? "";
    await stage.world.of(client.edit(session, id, { verified_qty: quantity(7) }));
    await stage.world.until(() => client.queue.value.all_safe);
    assert.deepEqual([stage.server.stored.size, stage.server.stored.get(id)?.record.verified_qty], [10, 7]);
});

test("a batch that is refused for now while the one before is written down is sent again, that one is not", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const writing = gate();
    const client = await stage.loggedIn("asha", tab, keeping(tab, (database) => ({
        revise: async (...revision) => {
            await writing.pass();
            return database.revise(...revision);
        },
    })));
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    for (const item of items(0, 15)) await count(stage, client, session_id, item);
    let batches = 0;
    stage.instead("/api/sync/batch", () => (++batches === 2 ? refusal(503, "storage_unavailable", { "Retry-After": "7" }) : undefined));
    stage.network.down = false;
    client.sync().catch(() => undefined);
    await stage.world.until(() => batches === 2 && writing.reached);
    await stage.world.run(1_000);
    assert.deepEqual([batches, client.queue.value.unsent], [2, 15]);
    writing.open();
    await stage.world.until(() => client.queue.value.all_safe);
    assert.deepEqual(itemsOf(stage), [items(0, 5), items(5, 10), items(10, 15)]);
});

test("a tab that is killed between an answer and its writing down leaves everything to be sent again", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const writing = gate();
    const client = await stage.loggedIn("asha", tab, keeping(tab, () => ({ revise: () => writing.pass() })));
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    for (const item of items(0, 12)) await count(stage, client, session_id, item);
    stage.network.down = false;
    client.sync().catch(() => undefined);
    await stage.world.until(() => writing.reached);
    const sent = stage.paths("/api/sync/batch").length;
    assert.ok(sent >= 2 && stage.server.stored.size >= 10);
    tab.kill();
    const later = stage.client();
    await stage.world.of(later.start());
    await stage.world.until(() => later.queue.value.all_safe);
    assert.deepEqual(itemsOf(stage).slice(sent), [items(0, 5), items(5, 10), items(10, 12)]);
    assert.equal(stage.server.stored.size, 12);
});

test("what is written later is sent later, in whichever tab, and whatever the calendar does meanwhile", async () => {
    const stage = new Stage();
    const { client: one, session } = await counting(stage);
    const two = stage.client();
    await stage.world.of(two.start());
    await stage.world.run(1_000);
    stage.network.down = true;
    for (const [index, item] of items(0, 8).entries()) {
        await count(stage, index % 3 === 0 ? two : one, session, item);
        stage.phone.wallOffset -= 60_000;
        await stage.world.run(10);
    }
    stage.network.down = false;
    await stage.world.until(() => one.queue.value.all_safe && two.queue.value.all_safe);
    assert.deepEqual(itemsOf(stage).flat(), items(0, 8));
});

test("records are told in the order in which they were written, across restarts and an empty queue", async () => {
    const stage = new Stage();
    let tab = stage.phone.open();
    let client = await stage.loggedIn("asha", tab);
    const { session_id } = await stage.world.of(client.claim("R1"));
    for (let run = 0; run < 3; run++) {
        for (const item of items(3 * run, 3 * run + 3)) await count(stage, client, session_id, item);
        await stage.world.until(() => client.queue.value.all_safe);
        tab.kill();
        tab = stage.phone.open();
        client = stage.client(tab);
        await stage.world.of(client.start());
    }
    assert.deepEqual((await stage.world.of(client.records(session_id))).map(({ record }) => record.item_code), items(0, 9));
});

test("a batch is made ready while the one before is on its way, and says when it is sent", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    // Of how many batches the answer was here when each was made.
    const made: number[] = [];
    let answered = 0;
    const pack = (text: string): Promise<Uint8Array> => {
        made.push(answered);
        return Promise.resolve(new TextEncoder().encode(text));
    };
    const client = await stage.loggedIn("asha", tab, { platform: { ...tab.platform, pack } });
    const { session_id } = await stage.world.of(client.claim("R1"));
    const told: { at: number; sent_at: string; left: number; codes: (string | undefined)[] }[] = [];
    let pause = 10;
    stage.instead("/api/sync/batch", (init) => {
        const text = new TextDecoder().decode(init.body as Uint8Array);
        const { sent_at, left, records } = JSON.parse(text) as { sent_at: string; left: number; records: Record[] };
        told.push({ at: tab.platform.wall(), sent_at, left, codes: records.map(({ item_code }) => item_code) });
        return success({ ok: records.map(({ client_record_id }) => client_record_id), conflicts: [], errors: [], batch_id: "b", processing_time_ms: 1, total_records: records.length } satisfies BatchVerdict);
    });
    const { fetch } = stage.network;
    stage.network.fetch = async (...call) => {
        const response = await fetch.apply(stage.network, call);
        await stage.world.pause(pause);
        if (call[1].endsWith("/api/sync/batch")) answered += 1;
        return response;
    };
    stage.network.weather = { lose: 0, loseAnswer: 0, double: 0, delay: 0 };
    stage.network.down = true;
    for (const item of items(0, 20)) await stage.world.of(client.count({ session_id, item_code: item, verified_qty: quantity(1), remark: "r".repeat(1_000) }));
    made.length = 0;
    stage.network.down = false;
    await stage.world.until(() => client.queue.value.all_safe);
    assert.deepEqual(told.map(({ codes }) => codes), [items(0, 5), items(5, 10), items(10, 15), items(15, 20)]);
    assert.deepEqual(told.map(({ left }) => left), [15, 10, 5, 0]);
    assert.deepEqual(made, [0, 0, 1, 2]);
    pause = 5_000;
    stage.network.down = true;
    for (const item of items(20, 30)) await stage.world.of(client.count({ session_id, item_code: item, verified_qty: quantity(1), remark: "r".repeat(1_000) }));
    stage.network.down = false;
    await stage.world.until(() => client.queue.value.all_safe);
    for (const { at, sent_at } of told) assert.ok(Math.abs(at - Date.parse(sent_at)) <= 500, `${sent_at} at ${new Date(at).toISOString()}`);
});
