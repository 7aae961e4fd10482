import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isBelow, percentOf, worthOf } from "../src/pages/supervisor/accepting.js";
import { assignedAfter } from "../src/pages/supervisor/assignments.js";
import type { ReviewLine } from "../src/pages/supervisor/kinds.js";
import { groupBars } from "../src/pages/supervisor/review-bars.js";
import { placeAfter } from "../src/pages/supervisor/review-place.js";
import { fileName } from "../src/pages/supervisor/save-file.js";
import { limitOf, racksInScope } from "../src/pages/supervisor/scope.js";

const line = (changes: Partial<ReviewLine>): ReviewLine => ({ item_code: "A", lot: "", state: "counted", version: 1, undecided: true, book: 100, counted: 99, variance: -1, value: -2.5, flags: [], counted_by: [], ...changes });

describe("lines below a threshold", () => {
    const none = { percent: null, quantity: null, value: null };
    it("are those that keep every limit, whatever their sign", () => {
        assert.equal(isBelow(line({}), { ...none, percent: 1 }), true);
        assert.equal(isBelow(line({ variance: 1.01 }), { ...none, percent: 1 }), false);
        assert.equal(isBelow(line({}), { percent: 1, quantity: 1, value: 2 }), false);
    });
    it("are never those that a limit can't judge, nor those that want something else first", () => {
        assert.equal(isBelow(line({ variance: null, value: null }), { ...none, quantity: 5 }), false);
        assert.equal(isBelow(line({ book: 0, variance: 1 }), { ...none, percent: 100 }), false);
        assert.equal(isBelow(line({ value: null }), { ...none, value: 100 }), false);
        assert.equal(isBelow(line({ conflicts: 1 }), { ...none, percent: 50 }), false);
        assert.equal(isBelow(line({ flags: ["unknown"] }), { ...none, percent: 50 }), false);
        assert.equal(isBelow(line({ state: "incomplete" }), { ...none, percent: 50 }), false);
        assert.equal(isBelow(line({ undecided: false }), { ...none, percent: 50 }), false);
    });
    it("come to so much of each unit, and so much in money, exactly", () => {
        const lines = [line({ uom: "KG", variance: 0.1, value: 0.1 }), line({ uom: "KG", variance: -0.2, value: 0.2 }), line({ uom: "PCS", variance: 3, value: -5 }), line({ variance: 1, value: null })];
        assert.deepEqual(worthOf(lines), { quantities: [{ uom: "KG", quantity: 0.3 }, { uom: "PCS", quantity: 3 }, { uom: null, quantity: 1 }], net: -4.7, gross: 5.3, unvalued: 1 });
        assert.deepEqual(worthOf([]), { quantities: [], net: 0, gross: 0, unvalued: 0 });
    });
    it("tells percents of the book", () => {
        assert.equal(percentOf({ variance: -5, book: 50 }), -10);
        assert.equal(percentOf({ variance: 0, book: 0 }), 0);
        assert.equal(percentOf({ variance: 3, book: 0 }), null);
    });
});

it("goes on where a reader was when the list is read anew", () => {
    assert.equal(placeAfter(["a", "b", "c"], ["a", "c"], "b"), 1);
    assert.equal(placeAfter(["a", "b", "c"], ["x", "b"], "b"), 1);
    assert.equal(placeAfter(["a", "b"], ["a"], "b"), 0);
    assert.equal(placeAfter(["a"], [], "a"), -1);
});

it("tells a conflict once that bars by itself and by its line", () => {
    const groups = groupBars([{ reason: "not_accepted", item_code: "B" }, { reason: "conflict", item_code: "A" }, { reason: "conflict", item_code: "A", conflict_id: "c" }]);
    assert.deepEqual(groups.map((group) => [group.reason, group.bars.length]), [["conflict", 1], ["not_accepted", 1]]);
});

it("assigns some racks and leaves the others as they were", () => {
    const all = [{ rack_id: "R1", assigned_to: [{ user_id: "u1" }] }, { rack_id: "R2", assigned_to: [{ user_id: "u1" }, { user_id: "u2" }] }, { rack_id: "R3" }];
    assert.deepEqual(assignedAfter(all, ["R1", "R3"], ["u3"]), [{ rack_id: "R2", user_id: "u1" }, { rack_id: "R2", user_id: "u2" }, { rack_id: "R1", user_id: "u3" }, { rack_id: "R3", user_id: "u3" }]);
    assert.deepEqual(assignedAfter(all, ["R1", "R2", "R3"], []), []);
});

it("names the racks of a zone, and none where a count is of a floor", () => {
    const racks = [{ rack_id: "R1", zone: "Z" }, { rack_id: "R2", zone: null }];
    const scope = { by: "zone" as const, floor: "", zone: "Z", racks: new Set<string>() };
    assert.deepEqual(racksInScope(scope, racks), ["R1"]);
    assert.equal(racksInScope({ ...scope, by: "floor" }, racks), null);
    assert.deepEqual(racksInScope({ ...scope, by: "racks", racks: new Set(["R2", "gone"]) }, racks), ["R2"]);
    assert.deepEqual(["", "2,5", "x"].map(limitOf), [null, 2.5, undefined]);
});

it("takes the name of a file from the server", () => {
    assert.equal(fileName(`attachment; filename="x.csv"; filename*=UTF-8''%C3%A9t%C3%A9.csv`), "été.csv");
    assert.equal(fileName('attachment; filename="adjustment.csv"'), "adjustment.csv");
    assert.equal(fileName(null), "export");
});
