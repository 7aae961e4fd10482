import assert from "node:assert/strict";
import { it } from "node:test";
import { linesOnPage, pagesOfSheet } from "../src/pages/supervisor/sheet-pages.js";

const items = (count: number) => Array.from({ length: count }, (_, n) => ({ item_code: `I${n}`, lot_tracked: false }));

it("a rack's sheet says on each page which it is of how many, and ends in empty lines", () => {
    const pages = pagesOfSheet(items(linesOnPage));
    assert.deepEqual(pages.map(({ number, of, lines }) => [number, of, lines.length]), [[1, 2, linesOnPage], [2, 2, 3]]);
    assert.deepEqual(pages[1]?.lines, [null, null, null]);
    assert.equal(pagesOfSheet([]).length, 1);
    assert.equal(pagesOfSheet(items(linesOnPage - 3)).length, 1);
});
