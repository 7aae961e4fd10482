import assert from "node:assert/strict";
import { it } from "node:test";
import { code128Bars, fitsCode128 } from "../src/print/code128.js";

it("draws what the standard's table says, in whole widths", () => {
    const { width, bars } = code128Bars("A");
    // Start B, "A" (33), the check sign 104 + 33 = 137 mod 103 = 34, stop.
    assert.equal(width, 11 * 3 + 13);
    const drawn = Array.from({ length: width }, (_, at) => (bars.some((bar) => bar.at <= at && at < bar.at + bar.width) ? "1" : "0")).join("");
    assert.equal(drawn, "11010010000" + "10100011000" + "10001011000" + "1100011101011");
});

it("knows which codes it holds", () => {
    assert.ok(fitsCode128("N0-A001"));
    for (const value of ["", "रैक-१", "a\tb", "x".repeat(49)]) assert.ok(!fitsCode128(value), value);
});
