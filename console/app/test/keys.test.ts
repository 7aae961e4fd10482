import assert from "node:assert/strict";
import { it } from "node:test";
import { code128Bars } from "../src/print/code128.js";
import { groupSeparator, type KeyPress, signOf } from "../src/scan/keys.js";
import { layoutOf, testBars, testCode, typedBy } from "../src/scan/layout.js";

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

/** How an American scanner's keys come out on a French and on a German device. */
const french: { readonly [sign: string]: KeyPress } = {
    a: press("q", "KeyA"), z: press("w", "KeyZ"), q: press("a", "KeyQ"), w: press("z", "KeyW"), y: press("y", "KeyY"), m: press(",", "KeyM"), "-": press(")", "Minus"),
    A: press("Q", "KeyA", { shiftKey: true }), Z: press("W", "KeyZ", { shiftKey: true }), "0": press("à", "Digit0"), "9": press("ç", "Digit9"), "/": press("!", "Slash"),
};
const german: { readonly [sign: string]: KeyPress } = {
    ...Object.fromEntries([..."aqwm09"].map((sign) => [sign, press(sign, /\d/.test(sign) ? `Digit${sign}` : `Key${sign.toUpperCase()}`)])),
    z: press("y", "KeyZ"), y: press("z", "KeyY"), A: press("A", "KeyA", { shiftKey: true }), Z: press("Y", "KeyZ", { shiftKey: true }), "-": press("ß", "Minus"), "/": press("-", "Slash"),
};

it("reads an American scanner's keys on a French and a German device, once that is known", () => {
    for (const keys of [french, german]) {
        const presses = [...testCode].map((sign) => keys[sign] ?? press("", ""));
        assert.equal(presses.map((each) => signOf(each, "american")).join(""), testCode);
        assert.notEqual(presses.map((each) => signOf(each)).join(""), testCode);
        assert.equal(layoutOf(typedBy(presses)), "american");
    }
    assert.equal(signOf(press("Dead", "BracketLeft"), "american"), "[");
    assert.equal(signOf(press("-", "NumpadSubtract"), "american"), "-");
});

it("knows by the test code a scanner that types as the device does, and no other code", () => {
    const own = [...testCode].map((sign) => press(sign, ""));
    assert.equal(layoutOf(typedBy(own)), "device");
    assert.equal(layoutOf(typedBy(own.slice(1))), null);
    assert.equal(layoutOf(typedBy([])), null);
});

it("draws the test code as Code 128 has it", () => {
    assert.deepEqual(testBars(), code128Bars(testCode));
});
