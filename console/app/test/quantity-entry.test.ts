import assert from "node:assert/strict";
import { it } from "node:test";
import { entered, pressed } from "../src/pages/counter/quantity-entry.js";

const typed = (keys: readonly string[]): string => keys.reduce(pressed, "");

it("is what was pressed", () => {
    assert.equal(typed(["2", "4"]), "24");
    assert.equal(typed(["0", "5"]), "5");
    assert.equal(typed([".", "5"]), "0.5");
    assert.equal(typed(["1", ".", "2", ".", "5"]), "1.25");
    assert.equal(typed(["2", "4", "erase"]), "2");
    assert.equal(typed(["2", "clear"]), "");
});

it("knows that empty is not zero", () => {
    assert.deepEqual(entered(""), { fault: "empty" });
    assert.deepEqual(entered("0"), { pieces: 0, entered: 0 });
});

it("reads other digits and the comma, and refuses grouping", () => {
    assert.deepEqual(entered("٢٤"), { pieces: 24_000_000, entered: 24_000_000 });
    assert.deepEqual(entered("२,५"), { pieces: 2_500_000, entered: 2_500_000 });
    assert.deepEqual(entered("1,234.5"), { fault: "grouped" });
});

it("brings packs to the item's own unit", () => {
    assert.deepEqual(entered("2", 12), { pieces: 24_000_000, entered: 2_000_000 });
    assert.deepEqual(entered("0.000001", 0.5), { fault: "too_many_places" });
});
