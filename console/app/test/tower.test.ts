import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { Schema, ServerEvent } from "@stockverify/client";
import { Tower } from "../src/pages/reports/tower.js";

type Answer = Schema<"Watchtower">;
const at = "2026-01-05T08:00:00Z";

const rack = (rack_id: string, changes: Partial<Answer["racks"][number]> = {}): Answer["racks"][number] => ({ rack_id, floor: "1", zone: "A", status: "available", session_id: null, user_id: null, ...changes });

const person = (session_id: string, rack_id: string, name: string): Answer["people"][number] => ({
    user_id: name.toLowerCase(), username: name.toLowerCase(), full_name: name, session_id, rack_id, floor: "1", count_id: "c", status: "active",
    started_at: at, last_heartbeat: at, heartbeat_age_seconds: 0, items: 3, items_per_minute: 1, left: 0,
});

const answer = (changes: Partial<Answer> = {}): Answer => ({ warehouse: "W1", event_id: "e.1-0", server_time: at, floors: [], alerts: [], racks: [rack("R1"), rack("R2"), rack("R3", { floor: "2" })], people: [], activity: [], ...changes });

const event = (type: string, id: string, changes: object = {}): ServerEvent => ({ type, id, at: "2026-01-05T08:01:00Z", session_id: "s1", user_id: "asha", warehouse: "W1", floor: "1", count_id: "c", status: "active", fence: 1, ...changes });

let tower: Tower;
beforeEach(() => {
    tower = new Tower(() => Date.parse(at));
    tower.told(answer());
});

const statusOf = (rackId: string): string | undefined => tower.rack(rackId)?.value.status;
const names = (): string[] => tower.people.value.map(({ value }) => value.full_name ?? value.user_id);

describe("the watchtower", () => {
    it("follows a rack from its claim to its end", () => {
        tower.take([event("rack.claimed", "R1")]);
        assert.equal(statusOf("R1"), "claimed");
        tower.take([event("rack.paused", "R1", { status: "paused" })]);
        assert.deepEqual([statusOf("R1"), tower.people.value[0]?.value.status], ["paused", "paused"]);
        tower.take([event("rack.resumed", "R1"), event("rack.completed", "R1", { status: "completed" })]);
        assert.deepEqual([statusOf("R1"), names()], ["completed", []]);
        assert.deepEqual(tower.floors.value[0]?.counts.value, { available: 1, claimed: 0, paused: 0, completed: 1 });
    });

    it("finds racks by their names, their zones and who has them", () => {
        tower.told(answer({ racks: [rack("R1", { user_id: "asha", session_id: "s1", status: "claimed" }), rack("R2", { zone: "Cold" }), rack("R30")], people: [person("s1", "R1", "Asha")] }));
        const found = (words: string): string[] => tower.find(words).map(({ value }) => value.rack_id);
        assert.deepEqual([found("asha"), found("cold r2"), found("r3"), found("r"), found("nobody"), found(" ")], [["R1"], ["R2"], ["R30"], ["R1", "R2", "R30"], [], []]);
    });

    it("changes only what an event is about", () => {
        let painted = 0;
        const stop = tower.rack("R2")?.subscribe(() => (painted += 1));
        tower.take([event("rack.claimed", "R1"), event("session.synced", "R1")]);
        tower.told(answer({ racks: [rack("R1", { status: "claimed", session_id: "s1", user_id: "asha" }), rack("R2"), rack("R3", { floor: "2" })] }));
        assert.equal(painted, 1);
        stop?.();
    });

    it("asks again for a person whose name it does not know, and for a rack it has never seen", () => {
        assert.equal(tower.take([event("rack.claimed", "R1")]), true);
        tower.told(answer({ racks: [rack("R1", { status: "claimed", session_id: "s1", user_id: "asha" })], people: [person("s1", "R1", "Asha")] }));
        assert.deepEqual(names(), ["Asha"]);
        assert.equal(tower.take([event("rack.released", "R1"), event("rack.claimed", "R1", { session_id: "s2" })]), false);
        assert.deepEqual(names(), ["Asha"]);
        assert.equal(tower.take([event("rack.claimed", "R9")]), true);
    });

    it("keeps the rack of who took it over when the other's session ends", () => {
        tower.take([event("rack.claimed", "R1"), event("rack.claimed", "R1", { session_id: "s2", user_id: "ravi" }), event("rack.interrupted", "R1", { status: "interrupted" })]);
        assert.deepEqual([statusOf("R1"), tower.rack("R1")?.value.user_id, names()], ["claimed", "ravi", ["ravi"]]);
    });

    it("lays events that came while it was asking over an older answer", () => {
        tower.asking();
        tower.take([event("rack.claimed", "R1")]);
        tower.told(answer());
        assert.equal(statusOf("R1"), "claimed");
        assert.deepEqual(tower.activity.value.map(({ type }) => type), ["rack.claimed"]);
    });

    it("hears a sign of life, and nothing of other warehouses", () => {
        tower.told(answer({ racks: [rack("R1", { status: "claimed", session_id: "s1", user_id: "asha" })], people: [person("s1", "R1", "Asha")] }));
        tower.take([event("session.synced", "R1"), event("rack.released", "R1", { warehouse: "W2" })]);
        assert.equal(tower.people.value[0]?.value.last_heartbeat, "2026-01-05T08:01:00Z");
        assert.equal(statusOf("R1"), "claimed");
    });
});
