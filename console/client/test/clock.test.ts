import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "../src/client.js";
import { NoAnswer } from "../src/errors.js";
import { Stage, success } from "./sim/stage.js";

const minute = 60_000;

/** What is told, beside what it is. */
function assertTold(client: Client, real: number, most: number): void {
    const { offset, within } = client.clock.value;
    assert.ok(offset !== null && Math.abs(offset - real) <= within && within <= most, `${real} is told as ${offset} within ${within}`);
}

test("answers that come anyhow tell by how much the device's calendar is wrong", async () => {
    for (const wrong of [0, 7 * minute, -3 * 24 * 60 * minute]) {
        const stage = new Stage();
        stage.phone.wallOffset = wrong;
        const client = stage.client();
        assert.deepEqual(client.clock.value, { offset: null, within: 0 });
        await stage.world.of(client.start());
        await stage.world.of(client.login("asha", "x"));
        assertTold(client, wrong, 600);
        await stage.world.run(1_000);
        assertTold(client, wrong, 60);
        assert.equal(stage.asked.filter(({ path }) => path === "/api/config").length, 1, "nothing was asked for it");
    }
});

test("a calendar that is set meanwhile is told by the next answer, by much or by little", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    await stage.world.of(client.claim("R1"));
    let real = 0;
    for (const step of [3_600_000, -3_600_000, -90_000, 1_800]) {
        stage.phone.wallOffset += step;
        real += step;
        await stage.world.run(minute);
        assertTold(client, real, 600);
    }
});

test("a calendar that is set while an answer is under way spoils nothing", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    stage.network.weather = { lose: 0, loseAnswer: 0, double: 0, delay: 4_000 };
    const asking = client.call("get", "/api/config", {});
    await stage.world.run(100);
    stage.phone.wallOffset += 20 * minute;
    await stage.world.of(asking);
    assertTold(client, 0, 60);
    await stage.world.of(client.call("get", "/api/config", {}));
    assertTold(client, 20 * minute, 4_100);
});

test("a phone that slept is not wrong, and a slow answer gives no better reading its way", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    const before = client.clock.value;
    stage.network.weather = { lose: 0, loseAnswer: 0, double: 0, delay: 4_000 };
    await stage.world.of(client.call("get", "/api/config", {}));
    assert.deepEqual(client.clock.value, before);
    stage.phone.sleep();
    await stage.world.run(30 * minute);
    stage.phone.wake(true);
    await stage.world.of(client.call("get", "/api/config", {}));
    assertTold(client, 0, 4_600);
});

test("a page of somebody between is not believed", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    const before = client.clock.value;
    stage.instead("/api/home", () => new Response(JSON.stringify({ server_time: "1999-01-01T00:00:00.000Z" }), { headers: { Date: "Fri, 01 Jan 1999 00:00:00 GMT" } }));
    stage.instead("/api/racks/floors", () => success({ server_time: "no time" }));
    await assert.rejects(stage.world.of(client.call("get", "/api/home", {})), NoAnswer);
    await stage.world.of(client.call("get", "/api/racks/floors", {}).catch(() => undefined));
    assert.deepEqual(client.clock.value, before);
});
