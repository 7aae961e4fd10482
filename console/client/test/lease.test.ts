import assert from "node:assert/strict";
import { test } from "node:test";
import { SteadyClock } from "../src/clock.js";
import { refusal, Stage } from "./sim/stage.js";

const minute = 60_000;

test("heartbeats go on after any number of misses, and the rack is told as unconfirmed", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    await stage.world.run(59_000);
    assert.equal(client.racks.value[0]?.lease, "held");
    await stage.world.run(2_000);
    assert.deepEqual([client.racks.value[0]?.lease, client.secondsLeft(session_id)], ["unconfirmed", 0]);
    await stage.world.run(180 * minute);
    assert.equal(client.racks.value[0]?.lease, "unconfirmed");
    stage.network.down = false;
    await stage.world.run(minute);
    assert.equal(client.racks.value[0]?.lease, "held");
});

test("the deadline counts from when the heartbeat was sent, not from when its answer came", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    stage.network.weather = { lose: 0, loseAnswer: 0, double: 0, delay: 0 };
    const answer = stage.server.answer.bind(stage.server);
    const { session_id } = await stage.world.of(client.claim("R1"));
    await stage.world.run(26_000);
    assert.ok(client.secondsLeft(session_id) <= 59.1);
    stage.server.answer = answer;
    const fetch = stage.network.fetch.bind(stage.network);
    stage.network.fetch = async (tab, url, init) => {
        const response = await fetch(tab, url, init);
        if (url.endsWith("/heartbeat")) await stage.world.pause(10_000);
        return response;
    };
    await stage.world.run(36_000);
    assert.ok(client.secondsLeft(session_id) <= 60 - 10, String(client.secondsLeft(session_id)));
});

test("a calendar that is set back or forward lends no time", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    stage.phone.wallOffset -= 24 * 60 * minute;
    await stage.world.run(61_000);
    assert.equal(client.secondsLeft(session_id), 0);
    stage.network.down = false;
    await stage.world.run(minute);
    assert.equal(client.racks.value[0]?.lease, "held");
    stage.phone.wallOffset += 60 * minute;
    assert.equal(client.secondsLeft(session_id), 0);
});

test("a phone that slept, whether it says so or not, is not sure before a heartbeat", async () => {
    for (const telling of [true, false]) {
        const stage = new Stage();
        const client = await stage.loggedIn();
        const { session_id } = await stage.world.of(client.claim("R1"));
        stage.network.down = true;
        stage.phone.sleep();
        await stage.world.run(10 * minute);
        stage.phone.wake(telling);
        assert.equal(client.secondsLeft(session_id), 0);
    }
});

test("a phone that slept while its calendar was set back knows nothing of its racks before a heartbeat", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.phone.sleep();
    await stage.world.run(10 * minute);
    stage.phone.wallOffset -= 10 * minute + 20_000;
    stage.server.takeOver("dora", "R1");
    stage.phone.wake(false);
    assert.equal(client.secondsLeft(session_id), 0);
    await stage.world.run(minute);
    assert.equal(client.racks.value[0]?.lease, "lost");
});

test("an answer that was slept over while the calendar was set back makes nothing sure", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    stage.network.weather = { lose: 0, loseAnswer: 0, double: 0, delay: 2_000 };
    const claiming = client.claim("R1");
    await stage.world.run(100);
    stage.phone.sleep();
    await stage.world.run(10 * minute);
    stage.phone.wallOffset -= 60 * minute;
    stage.phone.wake(false);
    const { session_id } = await stage.world.of(claiming);
    assert.equal(client.secondsLeft(session_id), 0);
    await stage.world.run(minute);
    assert.ok(client.secondsLeft(session_id) > 0, "a heartbeat follows at once");
});

test("out of sight and back is unconfirmed until a heartbeat answers; going out of sight sends nothing", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const client = await stage.loggedIn("asha", tab);
    await stage.world.of(client.claim("R1"));
    await stage.world.run(100);
    const before = stage.asked.length;
    tab.show("hidden");
    await stage.world.run(10);
    assert.equal(stage.asked.length, before);
    assert.equal(client.racks.value[0]?.lease, "held");
    tab.show("visible");
    assert.equal(client.racks.value[0]?.lease, "unconfirmed");
    await stage.world.run(500);
    assert.equal(client.racks.value[0]?.lease, "held");
});

test("after a reload the rack is found again, unconfirmed at first", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const client = await stage.loggedIn("asha", tab);
    const { session_id } = await stage.world.of(client.claim("R1"));
    tab.kill();
    stage.network.down = true;
    const again = stage.client();
    await stage.world.of(again.start());
    await stage.world.of(again.continueOffline());
    await stage.world.run(100);
    assert.deepEqual(again.racks.value.map((rack) => [rack.session_id, rack.lease]), [[session_id, "unconfirmed"]]);
    stage.network.down = false;
    await stage.world.of(again.refresh());
    await stage.world.run(5_000);
    assert.equal(again.racks.value[0]?.lease, "held");
});

test("only lock_lost ends a rack as lost; it says who has it, and its records stay", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    await stage.world.run(10 * minute);
    stage.server.takeOver("dora", "R1");
    assert.equal(client.racks.value[0]?.lease, "unconfirmed");
    stage.network.down = false;
    await stage.world.run(minute);
    assert.deepEqual([client.racks.value[0]?.lease, client.racks.value[0]?.holder?.user_id], ["lost", "dora"]);
});

test("a pause stops heartbeats, a resume begins them", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    const { session_id } = await stage.world.of(client.claim("R1"));
    assert.equal((await stage.world.of(client.pause(session_id))).lease, "paused");
    const before = stage.server.heartbeats;
    await stage.world.run(10 * minute);
    assert.equal(stage.server.heartbeats, before);
    assert.equal((await stage.world.of(client.resume(session_id))).lease, "held");
    await stage.world.run(minute);
    assert.ok(stage.server.heartbeats > before);
});

test("lease_unsettled is asked again within seconds, a claim without answer is made again and is the same", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    let lost = true;
    stage.instead("/api/racks/R1/claim", (init) => {
        if (!lost) return undefined;
        lost = false;
        stage.server.answer("http://server/api/racks/R1/claim", init);
        return new Response("", { status: 504 });
    });
    const { session_id } = await stage.world.of(client.claim("R1"));
    let times = 0;
    stage.instead(`/api/sessions/${session_id}/heartbeat`, () => (times++ < 2 ? refusal(503, "lease_unsettled") : undefined));
    await stage.world.run(29_000);
    assert.equal(times, 3);
    assert.ok(client.secondsLeft(session_id) > 55);
});

test("the steady clock takes the greater advance, and a step back for nothing", () => {
    const at = { monotonic: 0, wall: 1_000_000 };
    const clock = new SteadyClock({ monotonic: () => at.monotonic, wall: () => at.wall });
    const pass = (monotonic: number, wall: number): number => {
        const before = clock.now();
        at.monotonic += monotonic;
        at.wall += wall;
        return clock.now() - before;
    };
    assert.deepEqual([pass(10, 10), pass(0, 500), pass(20, -3_600_000), pass(0, 0)], [10, 500, 20, 0]);
    const since = clock.moment();
    pass(2_000, 2_900);
    assert.equal(clock.left(since, 10_000), 7_100);
    pass(0, 1_001);
    assert.equal(clock.left(since, 10_000), 0, "it slept, or somebody set it: what ran is not sure");
    assert.equal(clock.left(clock.moment(), 10_000), 10_000);
});
