import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { ServerEvent } from "@stockverify/client";
import { isOfKinds, LiveHub } from "../src/live-events.js";

let frames: (() => void)[];
let hub: LiveHub;

beforeEach(() => {
    frames = [];
    hub = new LiveHub((call) => {
        frames.push(call);
        return () => frames.splice(frames.indexOf(call), 1);
    });
});

const paint = (): void => frames.splice(0).forEach((call) => call());
const event = (type: string, id = "R1"): ServerEvent => ({ type, id, at: "2026-01-05T08:00:00Z" });

function heard(kinds: readonly string[]): string[] {
    const told: string[] = [];
    hub.listen({ kinds, onEvents: (events) => told.push(events.map(({ type, id }) => `${type} ${id}`).join(", ")), onReset: () => told.push("reset") });
    return told;
}

describe("events of a page", () => {
    it("come once a frame, in their order, and only of its kinds", () => {
        const racks = heard(["rack.", "session.synced"]);
        const counts = heard(["count.opened"]);
        hub.take(event("rack.claimed"));
        hub.take(event("count.opened", "C1"));
        hub.take(event("session.synced"));
        assert.equal(frames.length, 1);
        assert.deepEqual(racks, []);
        paint();
        assert.deepEqual(racks, ["rack.claimed R1, session.synced R1"]);
        assert.deepEqual(counts, ["count.opened C1"]);
    });

    it("wait for nothing after a reset: all is read anew", () => {
        const racks = heard(["rack."]);
        hub.take(event("rack.claimed"));
        hub.reset();
        hub.take(event("rack.paused"));
        paint();
        assert.deepEqual(racks, ["reset"]);
        hub.take(event("rack.paused"));
        paint();
        assert.deepEqual(racks, ["reset", "rack.paused R1"]);
    });

    it("are not gathered without end in a tab that paints no frame", () => {
        const racks = heard(["rack."]);
        for (let n = 0; n < 5000; n++) hub.take(event("rack.claimed"));
        paint();
        assert.deepEqual(racks, ["reset"]);
    });

    it("end with the login", () => {
        const racks = heard(["rack."]);
        hub.take(event("rack.claimed"));
        hub.drop();
        paint();
        assert.deepEqual(racks, []);
    });
});

it("knows a kind from a family of kinds", () => {
    assert.ok(isOfKinds("rack.claimed", ["rack."]));
    assert.ok(!isOfKinds("rack.claimed", ["rack"]));
    assert.ok(!isOfKinds("rack.claimed", ["rack.claimed.late"]));
});
