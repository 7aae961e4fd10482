import assert from "node:assert/strict";
import { it } from "node:test";
import { SteadyReader } from "../src/scan/steady.js";

const qr = { text: "]Q3A", format: "QRCode" };
const ean = { text: "]E05901234123457", format: "EAN-13" };

it("counts a code that is held in the frame once, and says so", () => {
    const reader = new SteadyReader();
    assert.deepEqual(reader.read([qr], 0), { fresh: [qr.text], held: false });
    for (let at = 100; at < 10_000; at += 100) assert.deepEqual(reader.read([qr], at), { fresh: [], held: true });
});

it("counts it again once it was away", () => {
    const reader = new SteadyReader();
    reader.read([qr], 0);
    assert.deepEqual(reader.read([], 500), { fresh: [], held: false });
    assert.deepEqual(reader.read([qr], 2000).fresh, [qr.text]);
});

it("believes stripes only when they were read twice", () => {
    const reader = new SteadyReader();
    assert.deepEqual(reader.read([ean], 0).fresh, []);
    assert.deepEqual(reader.read([{ ...ean, text: "]E05901234123450" }], 100).fresh, []);
    assert.deepEqual(reader.read([ean], 200).fresh, [ean.text]);
});
