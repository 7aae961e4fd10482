import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "../src/client.js";
import type { Tab } from "./sim/device.js";
import { refusal, Stage } from "./sim/stage.js";

const minute = 60_000;

/** As many tabs of one user, who holds R1. */
async function tabsOf(stage: Stage, many: number): Promise<{ tabs: Tab[]; clients: Client[]; session: string }> {
    const tabs = Array.from({ length: many }, () => stage.phone.open());
    const clients: Client[] = [];
    for (const tab of tabs) clients.push(clients.length === 0 ? await stage.loggedIn("asha", tab) : await started(stage, tab));
    const { session_id } = await stage.world.of((clients[0] as Client).claim("R1"));
    await stage.world.run(5_000);
    return { tabs, clients, session: session_id };
}

async function started(stage: Stage, tab: Tab): Promise<Client> {
    const client = stage.client(tab);
    await stage.world.of(client.start());
    return client;
}

/** Lets time pass in which each of them is sure of the rack at every moment. */
async function runSure(stage: Stage, clients: readonly Client[], session: string, milliseconds: number): Promise<void> {
    await stage.world.run(milliseconds, () => {
        for (const client of clients) assert.ok(client.secondsLeft(session) > 0 && client.racks.value[0]?.lease === "held", `at ${stage.world.now}`);
    });
}

test("of three tabs one sends heartbeats, and all are sure of the rack", async () => {
    const stage = new Stage();
    const { clients, session } = await tabsOf(stage, 3);
    const before = stage.server.heartbeats;
    await runSure(stage, clients, session, 60 * minute);
    const sent = stage.server.heartbeats - before;
    assert.ok(sent >= 100 && sent <= 60 * 60 / 25 + 1, `${sent} heartbeats in an hour`);
});

test("another tab takes over when the one that sent them is killed, or closed", async () => {
    for (const end of ["kill", "close"] as const) {
        const stage = new Stage();
        const { tabs, clients, session } = await tabsOf(stage, 3);
        for (let left = 2; left >= 1; left--) {
            await runSure(stage, clients, session, 10 * minute);
            if (end === "kill") tabs.shift()?.kill();
            else await stage.world.of((clients[0] as Client).close());
            clients.shift();
            await runSure(stage, clients, session, 10 * minute);
            assert.equal(clients.length, left);
        }
    }
});

test("a tab whose timers are throttled does not hold up the one that is seen", async () => {
    const stage = new Stage();
    const hidden = stage.phone.open();
    const { platform } = hidden;
    const slow = await stage.loggedIn("asha", hidden, { platform: { ...platform, timer: (milliseconds, call) => platform.timer(milliseconds > 1_000 ? Math.max(milliseconds, 90_000) : milliseconds, call) } });
    const { session_id } = await stage.world.of(slow.claim("R1"));
    const seen = await started(stage, stage.phone.open());
    await stage.world.run(5_000);
    await runSure(stage, [seen], session_id, 30 * minute);
});

test("what one tab hears of a rack that is lost, the others show, and nobody sends heartbeats any more", async () => {
    const stage = new Stage();
    const { clients } = await tabsOf(stage, 2);
    stage.network.down = true;
    await stage.world.run(2 * minute);
    stage.server.takeOver("dora", "R1");
    stage.network.down = false;
    await stage.world.run(minute);
    assert.deepEqual(clients.map((client) => client.racks.value[0]?.lease), ["lost", "lost"]);
    const before = stage.server.heartbeats;
    await stage.world.run(10 * minute);
    assert.equal(stage.server.heartbeats, before);
});

test("without network no tab is sure for longer than another, and one asks for all of them", async () => {
    const stage = new Stage();
    const { clients, session } = await tabsOf(stage, 3);
    stage.instead(`/api/sessions/${session}/heartbeat`, () => refusal(503, "unavailable"));
    const before = stage.paths(`/api/sessions/${session}/heartbeat`).length;
    await stage.world.run(90_000);
    assert.deepEqual(clients.map((client) => [client.racks.value[0]?.lease, client.secondsLeft(session)]), Array.from({ length: 3 }, () => ["unconfirmed", 0]));
    await stage.world.run(30 * minute);
    const tries = stage.paths(`/api/sessions/${session}/heartbeat`).length - before;
    assert.ok(tries <= (31.5 * 60) / 25 + 20, `${tries} tries in half an hour`);
});

test("a tab that comes into view asks the server, not another tab", async () => {
    const stage = new Stage();
    const { tabs, clients, session } = await tabsOf(stage, 2);
    tabs[1]?.show("hidden");
    await stage.world.run(2 * minute);
    const before = stage.server.heartbeats;
    tabs[1]?.show("visible");
    assert.equal((clients[1] as Client).secondsLeft(session), 0);
    await stage.world.run(1_000);
    assert.equal(stage.server.heartbeats, before + 1);
    assert.ok((clients[1] as Client).secondsLeft(session) > 50);
});
