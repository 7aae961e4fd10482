import assert from "node:assert/strict";
import { it } from "node:test";
import { formatMessage, type Language } from "../src/i18n/message.js";
import { pseudoTranslation } from "../src/i18n/pseudo.js";
import { shellArabic } from "../src/i18n/shell.ar.js";
import { shellEnglish } from "../src/i18n/shell.en.js";
import { shellHindi } from "../src/i18n/shell.hi.js";

const language = (tag: string, isolate = false): Language => ({ tag, isolate, number: (value) => new Intl.NumberFormat(tag).format(value), plural: (value) => new Intl.PluralRules(tag).select(value) });

it("takes the plural form of the language, and its digits", () => {
    const counted = { zero: "لا شيء", one: "واحد", two: "اثنان", few: "{n} قليل", many: "{n} كثير", other: "{n}" };
    assert.equal(formatMessage(counted, { n: 2 }, language("ar")), "اثنان");
    assert.equal(formatMessage(counted, { n: 3 }, language("ar-EG")), "٣ قليل");
    assert.equal(formatMessage({ one: "{n} rack", other: "{n} racks" }, { n: 1 }, language("en")), "1 rack");
});

it("keeps names in their own direction, and leaves what it was not told", () => {
    assert.equal(formatMessage("Continue as {name}", { name: "آشا" }, language("en", true)), "Continue as \u2068آشا\u2069");
    assert.equal(formatMessage("{a} {b}", { a: "1" }, language("en")), "1 {b}");
});

it("names no two places of the menu alike", () => {
    for (const texts of [shellEnglish, shellHindi, shellArabic]) {
        const names = Object.entries(texts).flatMap(([key, name]) => (key.startsWith("nav.") ? [name] : []));
        assert.deepEqual(names.filter((name, index) => names.indexOf(name) !== index), []);
    }
});

it("brackets the pseudo-locale, and makes it longer", () => {
    const { text } = pseudoTranslation({ text: "Count {n} racks" });
    assert.match(text, /^⟦.*\{n\}.*⟧$/);
    assert.ok(text.length >= "Count {n} racks".length * 1.4);
});
