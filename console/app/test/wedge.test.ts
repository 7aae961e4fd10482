import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SignVerdict, Wedge } from "../src/scan/wedge.js";

interface Typed {
    scans: string[];
    verdicts: SignVerdict[];
    at: number;
    wedge: Wedge;
}

function begin(): Typed {
    const scans: string[] = [];
    return { scans, verdicts: [], at: 1000, wedge: new Wedge((text) => scans.push(text)) };
}

function type(typed: Typed, text: string, gap: number, inField = false): void {
    for (const sign of text) {
        typed.at += gap;
        typed.verdicts.push(typed.wedge.signs(sign, typed.at, inField));
    }
}

const enter = (typed: Typed, gap = 1): boolean => typed.wedge.end((typed.at += gap));

describe("what scanners type", () => {
    for (const gap of [0, 5, 20]) {
        it(`fifty scans, signs ${gap} ms apart, are fifty`, () => {
            const typed = begin();
            const codes = Array.from({ length: 50 }, (_, index) => `59012341${String(index).padStart(5, "0")}`);
            for (const code of codes) {
                type(typed, code, gap);
                assert.equal(enter(typed), true);
                typed.at += 80;
            }
            assert.deepEqual(typed.scans, codes);
        });
        it(`without an end, 80 ms apart, signs ${gap} ms apart`, () => {
            const typed = begin();
            for (let count = 0; count < 50; count++) {
                type(typed, "5901234123457", gap);
                typed.at += 80;
            }
            typed.wedge.settle(typed.at + 1000);
            assert.equal(typed.scans.length, 50);
            assert.ok(typed.scans.every((text) => text === "5901234123457"));
        });
    }

    it("a code committed at once, by an input method, with or without its end", () => {
        const typed = begin();
        typed.wedge.signs("5901234123457\n", 10, false);
        typed.wedge.signs("4006381333931", 90, false);
        typed.wedge.settle(400);
        typed.wedge.signs("AAAA\r\nBBBB\t", 500, false);
        typed.wedge.signs("CCCC\\n", 600, false);
        assert.deepEqual(typed.scans, ["5901234123457", "4006381333931", "AAAA", "BBBB", "CCCC"]);
    });

    it("ended by a backslash and an n, sign by sign", () => {
        const typed = begin();
        type(typed, "5901234123457\\n", 5);
        typed.at += 80;
        type(typed, "4006381333931\\n", 5);
        typed.wedge.settle(typed.at + 1000);
        assert.deepEqual(typed.scans, ["5901234123457", "4006381333931"]);
    });

    it("a slow scanner outside fields, ended by Enter", () => {
        const typed = begin();
        type(typed, "5901234123457", 90);
        assert.equal(enter(typed, 90), true);
        assert.deepEqual(typed.scans, ["5901234123457"]);
    });
});

describe("what people type", () => {
    it("is no scan, in a field or outside", () => {
        const typed = begin();
        type(typed, "24", 120, true);
        assert.equal(enter(typed, 200), false);
        type(typed, "jka", 300);
        assert.equal(enter(typed, 300), false);
        typed.wedge.settle(typed.at + 1000);
        assert.deepEqual(typed.scans, []);
        assert.deepEqual(typed.verdicts.slice(0, 2), ["pass", "pass"]);
    });

    it("three quick digits stay in the quantity", () => {
        const typed = begin();
        type(typed, "120", 20, true);
        typed.wedge.settle(typed.at + 500);
        assert.deepEqual(typed.verdicts, ["pass", "pass", "pass"]);
        assert.deepEqual(typed.scans, []);
    });
});

describe("a scan in a focused quantity", () => {
    it("is taken out at the fourth sign and counted", () => {
        const typed = begin();
        type(typed, "5901234123457", 5, true);
        assert.equal(enter(typed), true);
        assert.deepEqual(typed.verdicts.slice(0, 5), ["pass", "pass", "pass", "revert", "take"]);
        assert.deepEqual(typed.scans, ["5901234123457"]);
    });

    it("after a typed digit takes only itself", () => {
        const typed = begin();
        type(typed, "7", 200, true);
        typed.at += 300;
        type(typed, "5901234123457", 5, true);
        enter(typed);
        assert.deepEqual(typed.scans, ["5901234123457"]);
    });

    it("begins anew once a person's digit cannot belong to it: what was typed is what the field had before", () => {
        const typed = begin();
        type(typed, "7", 200, true);
        typed.wedge.settle(typed.at + 35);
        assert.equal(typed.wedge.isIdle, false);
        typed.wedge.settle(typed.at + 40);
        assert.equal(typed.wedge.isIdle, true);
    });

    it("stays one when the device stalls after it was recognized", () => {
        const typed = begin();
        type(typed, "59012", 5, true);
        type(typed, "3", 50, true);
        type(typed, "4123457", 5, true);
        assert.equal(enter(typed), true);
        assert.deepEqual(typed.scans, ["5901234123457"]);
    });

    it("committed at once never lands", () => {
        const typed = begin();
        assert.equal(typed.wedge.signs("5901234123457", 50, true), "take");
        typed.wedge.settle(500);
        assert.deepEqual(typed.scans, ["5901234123457"]);
    });
});
