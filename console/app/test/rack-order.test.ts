import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inOrder, nextRack, type PlacedRack } from "../src/pages/counter/rack-order.js";

const rack = (rack_id: string, more: Partial<PlacedRack> = {}): PlacedRack => ({ rack_id, floor: "G", zone: null, status: "available", ...more });
const me = { user_id: "me", full_name: "Me" };
const other = { user_id: "other", full_name: "Other" };

describe("the order of racks", () => {
    it("has one's own first, then nobody's, others' and those that are not free, numbers by their value", () => {
        const racks = [rack("R10"), rack("R2"), rack("R1", { status: "claimed" }), rack("R3", { assigned_to: other }), rack("R9", { assigned_to: me })];
        assert.deepEqual(inOrder(racks, "me").map(({ rack_id }) => rack_id), ["R9", "R2", "R10", "R3", "R1"]);
    });
});

describe("the next rack", () => {
    const racks = [rack("R1"), rack("R2", { status: "completed" }), rack("R3"), rack("R10"), rack("S1", { floor: "H" })];

    it("is the next free one of the floor behind the last", () => {
        assert.equal(nextRack(racks, "me", rack("R2", { status: "completed" }))?.rack_id, "R3");
        assert.equal(nextRack(racks, "me", rack("R3"))?.rack_id, "R10");
    });

    it("begins anew at the floor's end, and then goes on to another floor", () => {
        assert.equal(nextRack(racks, "me", rack("R10"))?.rack_id, "R1");
        assert.equal(nextRack(racks.slice(4), "me", rack("R10"))?.rack_id, "S1");
    });

    it("is one's own before all, wherever it is, and never somebody else's", () => {
        assert.equal(nextRack([...racks, rack("S9", { floor: "H", assigned_to: me })], "me", rack("R2"))?.rack_id, "S9");
        assert.equal(nextRack([rack("R4", { assigned_to: other })], "me", rack("R2")), undefined);
        assert.equal(nextRack([], "me", undefined), undefined);
    });
});
