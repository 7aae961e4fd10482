import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "../src/client.js";
import { NoAnswer } from "../src/errors.js";
import { quantity } from "../src/quantity.js";
import { Stage, success } from "./sim/stage.js";

const minute = 60_000;

const page = (status: number): Response => new Response("<html><h1>Welcome to the guests' network</h1></html>", { status, headers: { "Content-Type": "text/html" } });

/** Everything is answered by somebody else, until `end`. */
function portal(stage: Stage, answer: () => Response): () => void {
    const before = stage.server.answer.bind(stage.server);
    let stands = true;
    stage.server.answer = (url, init) => (stands ? answer() : before(url, init));
    return () => void (stands = false);
}

async function counting(stage: Stage, many = 3): Promise<{ client: Client; session: string }> {
    const client = await stage.loggedIn();
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    for (let i = 0; i < many; i++) await stage.world.of(client.count({ session_id, item_code: `I${i}`, verified_qty: quantity(1) }, [{ barcode: `${i}` }]));
    return { client, session: session_id };
}

const strangers: { [who: string]: () => Response } = {
    "a captive portal's page": () => page(200),
    "a captive portal's JSON": () => new Response("{}", { headers: { "Content-Type": "application/json" } }),
    "an empty answer": () => new Response("", { status: 200 }),
    "an answer that says null": () => new Response("null", { status: 200 }),
    "a proxy's 502": () => page(502),
    "a proxy's 431": () => page(431),
    "a proxy's 401": () => page(401),
    "a proxy's 403": () => page(403),
    "a proxy's 404": () => page(404),
    "a login page of an authenticating proxy, in JSON": () => new Response(JSON.stringify({ error: "login_required" }), { status: 401 }),
};

for (const [who, answer] of Object.entries(strangers)) {
    test(`${who} to every route is no answer: nothing is lost, nobody is logged out, no rack is given up, and it goes on by itself`, async () => {
        const stage = new Stage();
        const { client, session } = await counting(stage);
        await stage.world.of(client.addPhoto(new Uint8Array([1, 2]), "image/jpeg"));
        await stage.world.of(client.reportUnknown({ code: "X" }));
        const end = portal(stage, answer);
        stage.network.down = false;
        await stage.world.run(20 * minute);
        assert.equal(client.auth.value.state, "logged_in");
        assert.deepEqual([client.queue.value.unsent, client.queue.value.refused, client.queue.value.photos, client.queue.value.unknown_items], [3, 0, 1, 1]);
        assert.deepEqual([client.racks.value[0]?.lease, client.secondsLeft(session)], ["unconfirmed", 0]);
        assert.equal(client.queue.value.problem, "no_network");
        end();
        await stage.world.until(() => client.queue.value.all_safe);
        await stage.world.run(minute);
        assert.deepEqual([stage.server.stored.size, client.racks.value[0]?.lease], [3, "held"]);
    });

    test(`${who} while an app starts, logs in or logs out: what was known is known, and a restart finds its way`, async () => {
        const stage = new Stage();
        const tab = stage.phone.open();
        await stage.loggedIn("asha", tab);
        tab.kill();
        await stage.world.run(20 * minute);
        const end = portal(stage, answer);
        const client = stage.client();
        const state = await stage.world.of(client.start());
        assert.ok(state.state === "logged_out" && state.last?.username === "asha" && state.until !== null, JSON.stringify(state));
        await assert.rejects(stage.world.of(client.login("asha", "x")), NoAnswer);
        await stage.world.of(client.continueOffline());
        await stage.world.of(client.logout());
        assert.equal(client.auth.value.state, "logged_out");
        end();
        await stage.world.run(20 * minute);
        assert.equal(stage.server.isLoggedIn("asha"), false, "the logout was told");
        await stage.world.of(client.login("asha", "x"));
        assert.equal(client.auth.value.state, "logged_in");
    });
}

test("a page instead of a file is no file", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    portal(stage, () => page(200));
    await assert.rejects(stage.world.of(client.download("/api/photos/p1")), NoAnswer);
});

test("a proxy that takes less than the server gets it in parts, and holds up nothing with a photo it never takes", async () => {
    const stage = new Stage();
    stage.server.settings.batchSize = 50;
    const { client } = await counting(stage, 20);
    await stage.world.of(client.addPhoto(new Uint8Array(5_000), "image/jpeg"));
    await stage.world.of(client.addPhoto(new Uint8Array(10), "image/jpeg"));
    const before = stage.server.answer.bind(stage.server);
    stage.server.answer = (url, init) => ((typeof init.body === "string" ? init.body.length : ((init.body as Uint8Array | undefined)?.length ?? 0)) > 1_500 ? page(413) : before(url, init));
    stage.network.down = false;
    await stage.world.until(() => client.queue.value.unsent + client.queue.value.lines + client.queue.value.photos === 0);
    assert.deepEqual([stage.server.stored.size, stage.server.lines.size, stage.server.photos.size], [20, 20, 1]);
});

test("an answer to a refresh that is lost is asked for again with the same token, and costs no login", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    let lost = 3;
    const before = stage.server.answer.bind(stage.server);
    stage.server.answer = (url, init) => {
        const answer = before(url, init);
        return url.endsWith("/api/auth/refresh") && lost-- > 0 ? page(502) : answer;
    };
    await stage.world.run(16 * minute);
    for (let i = 0; i < 4; i++) await stage.world.of(client.call("get", "/api/config", {}).catch((fault: unknown) => assert.ok(fault instanceof NoAnswer)));
    assert.equal(client.auth.value.state, "logged_in");
    const tokens = stage.paths("/api/auth/refresh").map(({ body }) => body);
    assert.equal(new Set(tokens.slice(0, 4)).size, 1, "the same token");
    assert.equal(stage.server.reuses, 0);
    await stage.world.of(client.call("get", "/api/config", {}));
});

test("an app that is killed in the middle of a login comes up logged in or logged out, and a login works", async () => {
    for (let operations = 0; operations < 12; operations++) {
        const stage = new Stage(operations + 1);
        const tab = stage.phone.open();
        const client = stage.client(tab);
        await stage.world.of(client.start());
        tab.diesAfter = operations;
        void client.login("asha", "x").catch(() => undefined);
        await stage.world.run(minute);
        if (!tab.dead) tab.kill();
        const again = stage.client();
        const { state } = await stage.world.of(again.start());
        assert.ok(state === "logged_in" || state === "logged_out", state);
        await stage.world.of(again.login("asha", "x"));
        await stage.world.run(minute);
        assert.equal(again.auth.value.state, "logged_in");
    }
});

test("who logged out without network is logged out on the server by the next one's app, whose login stays", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn("asha");
    stage.network.down = true;
    await stage.world.of(client.logout());
    stage.network.down = false;
    await stage.world.of(client.login("ben", "x"));
    await stage.world.run(5 * minute);
    assert.deepEqual([stage.server.isLoggedIn("asha"), stage.server.isLoggedIn("ben"), client.auth.value.state], [false, true, "logged_in"]);
});

test("a rack that is lost while a batch is under way is told with its verdicts, and the records wait for a person", async () => {
    const stage = new Stage();
    const { client } = await counting(stage);
    await stage.world.run(2 * minute);
    stage.server.takeOver("dora", "R1");
    stage.network.down = false;
    await stage.world.of(client.sync());
    await stage.world.run(2_000);
    assert.deepEqual([client.racks.value[0]?.lease, client.queue.value.unsent, client.queue.value.conflicts], ["lost", 0, 3]);
});

test("a batch that comes back as lost while the rack was sure asks at once, not with the next heartbeat", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.instead("/api/sync/batch", (init) => {
        const { records } = JSON.parse(init.body as string) as { records: { client_record_id: string }[] };
        const conflicts = records.map(({ client_record_id }) => ({ client_record_id, conflict_id: "c1", type: "lock_lost", message: "lost" }));
        return success({ ok: [], conflicts, errors: [], batch_id: "b", processing_time_ms: 1, total_records: records.length });
    });
    const before = stage.server.heartbeats;
    await stage.world.of(client.count({ session_id, item_code: "I1", verified_qty: quantity(1) }));
    await stage.world.run(3_000);
    assert.equal(stage.server.heartbeats, before + 1);
});
