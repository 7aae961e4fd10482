import assert from "node:assert/strict";
import { test } from "node:test";
import { addQuantities, inUnits, quantity, quantityFromNumber, quantityText, readQuantity, toNumber } from "../src/quantity.js";
import { seeded } from "./random.js";

function faultOf(text: string): string {
    const read = readQuantity(text);
    return "fault" in read ? read.fault : quantityText(read.quantity);
}

test("digits of several scripts, comma and point", () => {
    const typed: [string, string][] = [
        ["24", "24"],
        [" 2,5 ", "2.5"],
        ["2.50", "2.5"],
        [".5", "0.5"],
        ["5,", "5"],
        ["007", "7"],
        ["0", "0"],
        ["٢٤", "24"],
        ["٢٫٥", "2.5"],
        ["۲۴", "24"],
        ["२४.५", "24.5"],
        ["\u200f١٢\u200f", "12"],
        ["999999999.999999", "999999999.999999"],
    ];
    for (const [text, expected] of typed) assert.equal(faultOf(text), expected, text);
});

test("what is no quantity says why", () => {
    const typed: [string, string][] = [
        ["", "empty"],
        ["  ", "empty"],
        ["-1", "negative"],
        ["−1", "negative"],
        ["1,234.5", "grouped"],
        ["1.234,5", "grouped"],
        ["1,234,567", "grouped"],
        ["1 234", "grouped"],
        ["1'234", "grouped"],
        ["١٬٢٣٤", "grouped"],
        ["1.0000001", "too_many_places"],
        ["1234567890", "too_large"],
        ["1e3", "not_a_number"],
        ["0x10", "not_a_number"],
        [".", "not_a_number"],
        ["12a", "not_a_number"],
        ["Infinity", "not_a_number"],
    ];
    for (const [text, expected] of typed) assert.equal(faultOf(text), expected, text);
});

test("a quantity goes through JSON and back, whatever it is", () => {
    const random = seeded(1);
    for (let i = 0; i < 20_000; i++) {
        const millionths = Math.floor(random() * 10 ** (1 + Math.floor(random() * 15)));
        const text = `${Math.floor(millionths / 1e6)}.${String(millionths % 1e6).padStart(6, "0")}`;
        const value = quantity(text);
        assert.equal(value, millionths);
        assert.equal(quantityFromNumber(JSON.parse(JSON.stringify(toNumber(value))) as number), value);
        assert.equal(quantity(quantityText(value)), value);
    }
});

test("sums and packs are exact, or not at all", () => {
    assert.equal(quantityText(addQuantities(quantity("0.1"), quantity("0.2")) ?? quantity(0)), "0.3");
    assert.equal(addQuantities(quantity("999999999.999999"), quantity("0.000001")), undefined);
    assert.equal(quantityText(inUnits(quantity(2), quantity(12)) ?? quantity(0)), "24");
    assert.equal(inUnits(quantity("0.000001"), quantity("0.5")), undefined);
    assert.equal(inUnits(quantity("999999999"), quantity(12)), undefined);
    assert.equal(quantityFromNumber(0.1234567), undefined);
    assert.equal(quantityFromNumber(1e15), undefined);
    assert.throws(() => quantity(Number.NaN), RangeError);
});
