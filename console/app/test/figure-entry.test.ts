import assert from "node:assert/strict";
import { it } from "node:test";
import { quantity } from "@stockverify/client";
import { type BesideQuantity, figureOf, isDamageTooMuch } from "../src/pages/counter/figure-entry.js";

const draft = (changes: Partial<BesideQuantity>): BesideQuantity => ({ damage: "", lost: "", ...changes });

it("keeps damaged pieces beside the sound ones, as the server adds them up", () => {
    assert.deepEqual(figureOf(draft({ damage: "2", lost: "1,5" }), quantity(8), null), { sound: quantity(8), damaged: quantity(2), lost: quantity("1.5") });
    assert.deepEqual(figureOf(draft({}), quantity(8), quantity(3)), { sound: quantity(8), damaged: null, lost: null });
    assert.equal(figureOf(draft({ damage: "two" }), quantity(8), null), null);
});

it("puts what is more on top of what is counted", () => {
    assert.equal(figureOf(draft({ isMore: true }), quantity(12), quantity(24))?.sound, quantity(36));
    assert.equal(figureOf(draft({ isMore: true }), quantity(12), null)?.sound, quantity(12));
    assert.equal(figureOf(draft({ isMore: true }), quantity(1), quantity("999999999")), null);
});

it("knows before the server does when more is damaged than sound", () => {
    const figure = { sound: quantity(3), damaged: quantity(4), lost: null };
    assert.equal(isDamageTooMuch(figure, true), true);
    assert.equal(isDamageTooMuch(figure, false), false);
    assert.equal(isDamageTooMuch({ ...figure, sound: quantity(4) }, true), false);
    assert.equal(isDamageTooMuch({ ...figure, damaged: null }, true), false);
});
