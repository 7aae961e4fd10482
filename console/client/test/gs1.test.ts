import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readScan } from "../src/gs1.js";
import { identifiers } from "../src/gs1_identifiers.js";
import { toNumber } from "../src/quantity.js";
import { seeded } from "./random.js";

const top = new URL("../../../../", import.meta.url);

interface Vector {
    why: string;
    scan: string;
    expect: { [member: string]: string | number };
}

test("scans say what the vectors tell, which the server's reader is held to as well", () => {
    const { year, vectors } = JSON.parse(readFileSync(new URL("t/vectors/scan.json", top), "utf8")) as { year: number; vectors: Vector[] };
    assert.ok(vectors.length > 40);
    for (const { why, scan, expect } of vectors) {
        const read = readScan(scan, year);
        const { text, quantity, ...rest } = read;
        const { text: expectedText, quantity: expectedQuantity, ...expected } = expect;
        assert.deepEqual({ ...rest }, expected, why);
        if (expectedText !== undefined) assert.equal(text, expectedText, why);
        assert.equal(quantity === undefined ? undefined : toNumber(quantity), expectedQuantity, why);
    }
});

test("the identifiers are those of the server", () => {
    const rows = readFileSync(new URL("core/scan/gs1.def", top), "utf8").matchAll(/^SV_GS1_AI\("(\d+)", (\d), (\d+), (\d+), (\w+), (\w+)\)$/gm);
    const kinds: { [kind: string]: string } = { N: "N", N_CHECK: "C", X: "X" };
    const theirs = [...rows].map(([, prefix, digits, min, max, kind = "", meaning = ""]) => [
        prefix,
        Number(digits),
        Number(min),
        Number(max),
        kinds[kind],
        meaning === "NOTHING" ? null : meaning.toLowerCase(),
    ]);
    assert.deepEqual(identifiers, theirs);
});

test("letters and leading zeros of a code stay, whatever the code", () => {
    const random = seeded(2);
    const signs = "0123456789ABCXYZabc-_./";
    for (let i = 0; i < 5_000; i++) {
        let code = "";
        for (let n = 1 + Math.floor(random() * 20); n > 0; n--) code += signs[Math.floor(random() * signs.length)];
        assert.equal(readScan(`${code}\r\n`, 2026).text, code);
    }
});

test("no scan breaks the reader, and none says half of what it says", () => {
    const random = seeded(3);
    const parts = ["01", "09501101530003", "10", "LOT", "\u001d", "17", "261231", "(01)", "(10)", "]C1", "]d2", "[)>\u001e06\u001d", "1P", "Q3", "\u0004", "30", "\ud800", "é", " "];
    for (let i = 0; i < 20_000; i++) {
        let scan = "";
        for (let n = Math.floor(random() * 8); n > 0; n--) scan += parts[Math.floor(random() * parts.length)];
        const read = readScan(scan, 2026);
        if (read.kind === "code") assert.deepEqual(Object.keys(read).filter((member) => !["kind", "text", "gtin"].includes(member)), []);
    }
    assert.equal(readScan("0".repeat(2_000), 2026).kind, "code");
});
