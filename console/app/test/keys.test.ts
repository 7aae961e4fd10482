import assert from "node:assert/strict";
import { it } from "node:test";
import { groupSeparator, type KeyPress, signOf } from "../src/scan/keys.js";

const press = (key: string, code: string, more: Partial<KeyPress> = {}): KeyPress => ({ key, code, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more });

it("reads the key's place under layouts that are not Latin", () => {
    assert.equal(signOf(press("ش", "KeyA")), "a");
    assert.equal(signOf(press("۵", "Digit5")), "5");
    assert.equal(signOf(press("ф", "KeyA", { shiftKey: true })), "A");
    assert.equal(signOf(press("٪", "Digit5", { shiftKey: true })), "%");
    assert.equal(signOf(press("لا", "KeyB")), "b");
    assert.equal(signOf(press("لآ", "KeyB", { shiftKey: true })), "B");
    assert.equal(signOf(press("ज्ञ", "Digit5", { shiftKey: true })), "%");
});

it("keeps what a Latin layout says", () => {
    assert.equal(signOf(press("y", "KeyZ")), "y");
    assert.equal(signOf(press("7", "Numpad7")), "7");
});

it("knows the group separator, and leaves shortcuts and keys without signs alone", () => {
    assert.equal(signOf(press("]", "BracketRight", { ctrlKey: true })), groupSeparator);
    assert.equal(signOf(press("c", "KeyC", { ctrlKey: true })), null);
    assert.equal(signOf(press("Shift", "ShiftLeft", { shiftKey: true })), null);
    assert.equal(signOf(press("F8", "F8")), null);
    assert.equal(signOf(press("Dead", "Quote")), null);
});
