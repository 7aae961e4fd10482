import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Record } from "../src/api.js";
import type { Client } from "../src/client.js";
import { NoAnswer } from "../src/errors.js";
import { webPlatform } from "../src/platform.js";
import { quantity } from "../src/quantity.js";
import type { DeviceRecord } from "../src/record.js";
import { type Database, StorageFull, type Store } from "../src/store/store.js";
import { refusal, Stage } from "./sim/stage.js";

const minute = 60_000;
const hour = 60 * minute;
const year = 365 * 24 * hour;

const count = (stage: Stage, client: Client, session_id: string, item_code: string): Promise<DeviceRecord> =>
    stage.world.of(client.count({ session_id, item_code, verified_qty: quantity(1) }));

async function counting(stage: Stage): Promise<{ client: Client; session: string }> {
    const client = await stage.loggedIn();
    const { session_id } = await stage.world.of(client.claim("R1"));
    return { client, session: session_id };
}

const recordsOf = (init: RequestInit): Record[] => (JSON.parse(String(init.body)) as { records: Record[] }).records;

// ---- Clocks

for (const [what, first, then] of [
    ["of the year 2569, put right in the middle of a batch", 543 * year, 0],
    ["that steps back a day in the middle of a batch", 0, -24 * hour],
    ["of 1970, put right in the middle of a batch", -53 * year, 0],
    ["that steps a year ahead in the middle of a batch", 0, year],
] as const) {
    test(`a calendar ${what} loses nothing, sends nothing twice under another id, and lends no time`, async () => {
        const stage = new Stage();
        stage.phone.wallOffset = first;
        const { client, session } = await counting(stage);
        stage.network.weather = { lose: 0, loseAnswer: 0, double: 0, delay: 2_000 };
        for (let i = 0; i < 12; i++) await count(stage, client, session, `I${i}`);
        await stage.world.until(() => stage.server.batches >= 1);
        stage.phone.wallOffset = then;
        assert.equal(client.secondsLeft(session), 0, "nobody knows how much time passed");
        for (let i = 12; i < 20; i++) await count(stage, client, session, `I${i}`);
        await stage.world.until(() => client.queue.value.all_safe, 10 * minute);
        await stage.world.until(() => client.racks.value[0]?.lease === "held", 10 * minute);
        assert.equal(stage.server.stored.size, 20);
        await stage.world.run(3 * hour);
        assert.deepEqual([client.auth.value.state, client.racks.value[0]?.lease], ["logged_in", "held"]);
    });
}

test("a phone that sleeps eight hours over a lapsed lease and token says so when it wakes, and its records wait for a person", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    stage.network.down = true;
    for (let i = 0; i < 7; i++) await count(stage, client, session, `I${i}`);
    stage.phone.sleep();
    await stage.world.run(8 * hour);
    stage.server.takeOver("dora", "R1");
    stage.network.down = false;
    stage.phone.wake(true);
    assert.equal(client.secondsLeft(session), 0);
    await stage.world.until(() => client.racks.value[0]?.lease === "lost", 5 * minute);
    assert.equal(client.racks.value[0]?.holder?.user_id, "dora");
    await stage.world.until(() => client.queue.value.conflicts === 7 && client.queue.value.unsent === 0, 10 * minute);
    assert.deepEqual([client.auth.value.state, stage.server.conflicts.size, (await stage.world.of(client.records(session))).length], ["logged_in", 7, 7]);
});

// ---- Networks

test("a wait that is asked for as a moment counts by the asker's calendar, whoever asks, and none is longer than an hour", async () => {
    const at = (seconds: number): string => new Date(1_700_000_000_000 + 1000 * seconds).toUTCString();
    const html = (status: number, headers: { [name: string]: string }): Response => new Response("<h1>later</h1>", { status, headers });
    const cases: [string, () => Response, number, number][] = [
        ["seconds of the server", () => refusal(503, "unavailable", { "Retry-After": "90" }), 90, 93],
        ["a moment of the server", () => refusal(429, "rate_limited", { Date: at(0), "Retry-After": at(90) }), 90, 93],
        ["a moment of a proxy with a page", () => html(503, { Date: at(5000), "Retry-After": at(5090) }), 90, 93],
        ["seconds of a proxy with a page", () => html(502, { "Retry-After": "90" }), 90, 93],
        ["a moment without a calendar", () => html(503, { "Retry-After": at(90) }), 2, 5],
        ["a moment that is over", () => refusal(503, "unavailable", { Date: at(90), "Retry-After": at(0) }), 2, 5],
        ["nonsense", () => refusal(503, "unavailable", { "Retry-After": "soon" }), 2, 5],
        ["less than nothing", () => refusal(503, "unavailable", { "Retry-After": "-5" }), 2, 5],
        ["for ever", () => refusal(503, "unavailable", { "Retry-After": "99999999999" }), 3600, 3603],
    ];
    for (const [what, answer, least, most] of cases) {
        const stage = new Stage();
        stage.phone.wallOffset = 543 * year;
        const { client, session } = await counting(stage);
        const tries: number[] = [];
        stage.instead("/api/sync/batch", () => {
            tries.push(stage.world.now);
            return tries.length === 1 ? answer() : undefined;
        });
        await count(stage, client, session, "I1");
        await stage.world.until(() => client.queue.value.all_safe, 3 * hour);
        const waited = ((tries[1] ?? 0) - (tries[0] ?? 0)) / 1000;
        assert.ok(waited >= least && waited <= most, `${what}: ${waited} s`);
    }
});

test("an answer that is cut in its middle is none: the same records go again, under the same ids", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    const batches: string[][] = [];
    const before = stage.server.answer.bind(stage.server);
    stage.server.answer = (url, init) => {
        const response = before(url, init);
        if (!url.endsWith("/api/sync/batch")) return response;
        batches.push(recordsOf(init).map(({ client_record_id }) => client_record_id));
        if (batches.length > 2) return response;
        const whole = new Uint8Array(2_000).fill(0x20);
        const cut = new ReadableStream<Uint8Array>({
            start(controller) {
                controller.enqueue(new TextEncoder().encode('{"success": true, "data": {"ok": ["'));
                // Once told as a broken connection, once as an end that came too early.
                if (batches.length === 1) controller.error(new TypeError("terminated"));
                else controller.close();
            },
        });
        return new Response(cut, { status: 200, headers: { "Content-Type": "application/json", "Content-Length": String(whole.length) } });
    };
    for (let i = 0; i < 3; i++) await count(stage, client, session, `I${i}`);
    await stage.world.until(() => client.queue.value.all_safe);
    assert.equal(stage.server.stored.size, 3);
    assert.deepEqual(batches[1]?.slice(0, batches[0]?.length), batches[0]);
    assert.equal(new Set(batches.flat()).size, 3);
});

test("a radio too slow for a batch gets smaller ones, and larger ones again when it is quicker", async () => {
    const stage = new Stage();
    stage.server.settings.batchSize = 100;
    const { client, session } = await counting(stage);
    stage.network.down = true;
    for (let i = 0; i < 400; i++) await count(stage, client, session, `I${i}`);
    // A thousand bytes a second, up.
    let perByte = 1;
    const sizes: number[] = [];
    const fetch = stage.network.fetch.bind(stage.network);
    stage.network.fetch = (tab, url, init) =>
        new Promise((resolve, reject) => {
            const size = typeof init.body === "string" ? init.body.length : 0;
            init.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error));
            tab.platform.timer(size * perByte, () => {
                if (init.signal?.aborted === true) return;
                if (url.endsWith("/api/sync/batch")) sizes.push(recordsOf(init).length);
                fetch(tab, url, init).then(resolve, reject);
            });
        });
    stage.network.down = false;
    await stage.world.until(() => stage.server.stored.size > 100, 2 * hour);
    assert.ok(Math.max(...sizes) < 100, String(sizes));
    perByte = 0;
    sizes.length = 0;
    await stage.world.until(() => client.queue.value.all_safe, 2 * hour);
    assert.equal(stage.server.stored.size, 400);
    assert.ok(Math.max(...sizes) > 50, String(sizes));
});

test("hours without a radio do not make batches small", async () => {
    const stage = new Stage();
    stage.server.settings.batchSize = 100;
    const { client, session } = await counting(stage);
    const fetch = stage.network.fetch.bind(stage.network);
    let hangs = true;
    stage.network.fetch = (tab, url, init) => (hangs ? new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error))) : fetch(tab, url, init));
    for (let i = 0; i < 1_000; i++) await count(stage, client, session, `I${i}`);
    await stage.world.run(6 * hour);
    hangs = false;
    stage.server.batches = 0;
    await stage.world.until(() => client.queue.value.all_safe, hour);
    assert.equal(stage.server.stored.size, 1_000);
    assert.ok(stage.server.batches <= 16, `${stage.server.batches} batches`);
});

test("a photo has as much time as the slowest radio needs for it", async () => {
    const stage = new Stage();
    const { client } = await counting(stage);
    const fetch = stage.network.fetch.bind(stage.network);
    stage.network.fetch = (tab, url, init) =>
        new Promise((resolve, reject) => {
            init.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error));
            const size = init.body instanceof Uint8Array ? init.body.length : 0;
            tab.platform.timer(size / 10, () => void (init.signal?.aborted === true || fetch(tab, url, init).then(resolve, reject)));
        });
    await stage.world.of(client.addPhoto(new Uint8Array(400_000), "image/jpeg"));
    await stage.world.until(() => client.queue.value.all_safe, 10 * minute);
    assert.equal(stage.server.photos.size, 1);
});

test("a fetch that never ends, though it is told to, holds up nothing", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const fetch = tab.platform.fetch;
    let hangs = false;
    const platform = { ...tab.platform, fetch: (url: string, init: RequestInit) => (hangs ? new Promise<Response>(() => undefined) : fetch(url, init)) };
    const client = await stage.loggedIn("asha", tab, { platform });
    const { session_id } = await stage.world.of(client.claim("R1"));
    hangs = true;
    await count(stage, client, session_id, "I1");
    await assert.rejects(stage.world.of(client.call("get", "/api/config", {})), NoAnswer);
    await stage.world.run(20 * minute);
    hangs = false;
    await stage.world.until(() => client.queue.value.all_safe, 10 * minute);
    await stage.world.until(() => client.racks.value[0]?.lease === "held", 10 * minute);
});

test("one record that nothing on the way takes moves aside, and holds up none", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    const before = stage.server.answer.bind(stage.server);
    stage.server.answer = (url, init) =>
        typeof init.body === "string" && init.body.length > 20_000 ? new Response("<h1>413</h1>", { status: 413 }) : before(url, init);
    stage.network.down = true;
    await count(stage, client, session, "I0");
    await stage.world.of(client.count({ session_id: session, item_code: "I1", verified_qty: quantity(4_000), serial_numbers: Array.from({ length: 4_000 }, (_, i) => `SERIAL-${i}`) }));
    await count(stage, client, session, "I2");
    stage.network.down = false;
    await stage.world.until(() => client.queue.value.unsent === 0, hour);
    assert.deepEqual([stage.server.stored.size, client.queue.value.refused], [2, 1]);
    const [refused] = await stage.world.of(client.refused());
    assert.deepEqual([refused?.record.item_code, refused?.refusal?.code], ["I1", "too_long"]);
});

test("a proxy with a page for packed bodies gets them as they are", async () => {
    for (const status of [400, 403, 415, 501]) {
        const stage = new Stage();
        const tab = stage.phone.open();
        const pack = (): Promise<Uint8Array> => Promise.resolve(new TextEncoder().encode("packed"));
        const client = await stage.loggedIn("asha", tab, { platform: { ...tab.platform, pack } });
        const { session_id } = await stage.world.of(client.claim("R1"));
        stage.instead("/api/sync/batch", (init) => (new Headers(init.headers).has("Content-Encoding") ? new Response("<h1>no</h1>", { status }) : undefined));
        await stage.world.of(client.count({ session_id, item_code: "I1", verified_qty: quantity(1), remark: "r".repeat(5_000) }));
        await stage.world.until(() => client.queue.value.all_safe, 10 * minute);
        assert.equal(stage.server.stored.size, 1, `status ${status}`);
    }
});

test("bodies are packed so that they come out as they were", async () => {
    const text = JSON.stringify({ records: Array.from({ length: 500 }, (_, i) => `é😀 ${i}`) });
    const packed = await webPlatform().pack?.(text);
    assert.ok(packed !== undefined && packed.length < text.length / 2);
    assert.equal(gunzipSync(packed).toString(), text);
});

// ---- Storage

test("a device whose room ends while verdicts are written says so, keeps every record, and goes on when there is room", async () => {
    const stage = new Stage();
    const { client, session } = await (async () => {
        const tab = stage.phone.open();
        const client = await stage.loggedIn("asha", tab, { onFault: (fault) => assert.ok(fault instanceof StorageFull) });
        return { client, session: (await stage.world.of(client.claim("R1"))).session_id };
    })();
    stage.network.down = true;
    for (let i = 0; i < 8; i++) await count(stage, client, session, `I${i}`);
    // One of each batch has a verdict that must be written.
    for (const item of ["I0", "I5"]) stage.server.verdicts.set(item, "refused");
    stage.phone.storage.full = true;
    stage.network.down = false;
    await stage.world.run(10 * minute);
    assert.deepEqual([client.queue.value.unsent, client.queue.value.all_safe, client.queue.value.problem], [8, false, "storage_full"]);
    await assert.rejects(count(stage, client, session, "I9"), StorageFull);
    assert.equal(client.queue.value.unsent, 8);
    stage.phone.storage.full = false;
    stage.server.verdicts.clear();
    await stage.world.until(() => client.queue.value.all_safe && client.queue.value.problem === null, hour);
    assert.equal(stage.server.stored.size, 8);
});

test("what is simply stored leaves a device without room", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn("asha", undefined, { onFault: (fault) => assert.ok(fault instanceof StorageFull) });
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    for (let i = 0; i < 8; i++) await count(stage, client, session_id, `I${i}`);
    stage.phone.storage.full = true;
    stage.network.down = false;
    await stage.world.until(() => client.queue.value.all_safe, hour);
    assert.deepEqual((await stage.world.of(client.records(session_id))).map(({ state }) => state), Array(8).fill("stored"));
});

test("a device without storage says so at the start", async () => {
    const stage = new Stage();
    const store: Store = { open: () => Promise.reject(new DOMException("A mutation operation was attempted on a database that did not allow mutations.", "InvalidStateError")) };
    const client = stage.client(stage.phone.open(), { store });
    await assert.rejects(stage.world.of(client.start()), /mutation/);
    assert.equal(client.auth.value.state, "starting");
});

test("rows of a build that kept nothing of what is shown in the queue are settled as they are", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const { store } = tab;
    const older: Store = {
        open: async (name) => {
            const database = await store.open(name);
            const strip = (value: unknown): unknown => {
                const { shown: _, ...rest } = value as { shown?: unknown };
                return rest;
            };
            const write: Database["write"] = (changes, need) => database.write(changes.map((change) => (change.kind === "put" && change.store === "queue" ? { ...change, value: strip(change.value) } : change)), need);
            return { ...database, write };
        },
    };
    const client = await stage.loggedIn("asha", tab, { store: older });
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    for (let i = 0; i < 12; i++) await count(stage, client, session_id, `I${i}`);
    stage.server.verdicts.set("I3", "refused");
    await stage.world.of(client.close());
    stage.network.down = false;
    const newer = stage.client(tab);
    await stage.world.of(newer.start());
    await count(stage, newer, session_id, "I12");
    await stage.world.until(() => newer.queue.value.unsent === 0);
    const rows = await stage.world.of(newer.records(session_id));
    assert.deepEqual(rows.map(({ record, state }) => `${record.item_code} ${state}`), Array.from({ length: 13 }, (_, i) => `I${i} ${i === 3 ? "refused" : "stored"}`));
    assert.equal(stage.server.stored.size, 12);
});

test("what is edited while its batch is under way is sent as it is then, beside others that are done", async () => {
    const stage = new Stage();
    const { client, session } = await counting(stage);
    stage.network.weather = { lose: 0, loseAnswer: 0, double: 0, delay: 1_000 };
    stage.network.down = true;
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await count(stage, client, session, `I${i}`)).record.client_record_id);
    stage.network.down = false;
    void client.sync();
    await stage.world.until(() => stage.server.batches === 1);
    await stage.world.of(client.edit(session, ids[2] ?? "", { verified_qty: quantity(7) }));
    await stage.world.until(() => client.queue.value.all_safe);
    assert.equal(stage.server.stored.get(ids[2] ?? "")?.record.verified_qty, 7);
    assert.deepEqual((await stage.world.of(client.records(session))).map(({ state, record }) => `${state} ${record.revision}`), ["stored 1", "stored 1", "stored 2", "stored 1", "stored 1"]);
});
