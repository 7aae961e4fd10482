// How a chart tells the moments of its points and along its axis.
import assert from "node:assert/strict";
import { describe, it } from "node:test";

// What a browser has of the page's language.
const browser = { location: { search: "?locale=en" }, localStorage: { getItem: () => null }, navigator: { languages: ["en"] } };
for (const [name, value] of Object.entries(browser)) Object.defineProperty(globalThis, name, { value, configurable: true });
const { axisTexts, dayTexts, exactTexts, withoutRepeats } = await import("../src/charts/moments.js");

const at = (day: number, hour = 0, minute = 0, second = 0): number => new Date(2026, 10, day, hour, minute, second).getTime() / 1000;
/** Which space stands before "AM" is the browser's choice. */
const plain = (texts: readonly string[]): string[] => texts.map((text) => text.replace(/\u202f/gu, " "));

describe("along an axis", () => {
    it("times of one minute show their seconds", () => {
        assert.deepEqual(plain(axisTexts([at(2, 9, 59, 55), at(2, 10), at(2, 10, 0, 5)])), ["09:59:55 AM", "10:00:00 AM", "10:00:05 AM"]);
    });
    it("times of a day are as short as tells them from each other", () => {
        assert.deepEqual(plain(axisTexts([at(2, 9), at(2, 9, 30), at(2, 10)])), ["09:00 AM", "09:30 AM", "10:00 AM"]);
    });
    it("the same time of two days says of which it is", () => {
        assert.deepEqual(plain(axisTexts([at(2, 12), at(3), at(3, 12)])), ["12:00 PM\nNov 2, 2026", "12:00 AM\nNov 3, 2026", "12:00 PM"]);
    });
    it("days are named where they begin", () => {
        assert.deepEqual(withoutRepeats(axisTexts([at(2), at(2, 12), at(3), at(3, 12), at(4)])), ["Nov 2, 2026", "", "Nov 3, 2026", "", "Nov 4, 2026"]);
    });
    it("what even seconds don't tell apart stands there once", () => {
        assert.deepEqual(plain(withoutRepeats(axisTexts([at(2, 10), at(2, 10) + 0.5, at(2, 10) + 1]))), ["10:00:00 AM", "", "10:00:01 AM"]);
    });
    it("nothing is nothing", () => {
        assert.deepEqual([axisTexts([]), dayTexts([]), exactTexts([])], [[], [], []]);
    });
});

describe("the moments of points", () => {
    it("show their seconds where minutes tell no difference", () => {
        assert.deepEqual(plain(exactTexts([at(2, 10), at(2, 10, 0, 7)])), ["Nov 2, 2026, 10:00:00 AM", "Nov 2, 2026, 10:00:07 AM"]);
        assert.deepEqual(plain(exactTexts([at(2, 10), at(2, 10, 1)])), ["Nov 2, 2026, 10:00 AM", "Nov 2, 2026, 10:01 AM"]);
    });
});
