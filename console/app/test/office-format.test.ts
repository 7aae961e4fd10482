// What costs and values are told in.
import assert from "node:assert/strict";
import { describe, it } from "node:test";

// What a browser has of the page's language.
const browser = { location: { search: "?locale=en" }, localStorage: { getItem: () => null }, navigator: { languages: ["en"] } };
for (const [name, value] of Object.entries(browser)) Object.defineProperty(globalThis, name, { value, configurable: true });
const { currencyOf, money, price, share, signed, signedMoney, signedPercent } = await import("../src/office-format.js");

describe("a value", () => {
    it("has two decimals where nobody said of which currency it is, so that a column of them stands in line", () => {
        assert.deepEqual([money(-5023.2, null), money(-4356, null), money(12.5, "EUR")], ["-5,023.20", "-4,356.00", "€12.50"]);
    });
    it("of one is as exact as the books have it", () => {
        assert.deepEqual([price(0.125, "EUR"), price(27.3, "EUR"), price(27.3, null), price(120, "JPY"), price(null, "EUR")], ["€0.125", "€27.30", "27.30", "¥120", "–"]);
    });
});

describe("a currency", () => {
    const books = [{ warehouse: "W1", currency: "EUR" }, { warehouse: "W2", currency: "INR" }, { warehouse: "W3", currency: null }];
    it("is that of the warehouse", () => {
        assert.deepEqual(["W1", "W2", "W3", "W4"].map((warehouse) => currencyOf(books, warehouse)), ["EUR", "INR", null, null]);
    });
    it("of no warehouse is what all have, if they do", () => {
        assert.equal(currencyOf(books, null), null);
        assert.equal(currencyOf(books.slice(0, 1), undefined), "EUR");
        assert.equal(currencyOf([], null), null);
    });
});

describe("a difference", () => {
    it("bears its sign, and none has none", () => {
        assert.deepEqual([signed(4), signed(-4), signed(0), signedMoney(53.7, "EUR"), signedMoney(-1, null), signedPercent(1), signedPercent(null)], ["+4", "-4", "0", "+€53.70", "-1.00", "+1%", "–"]);
    });
});

describe("a share", () => {
    it("is told to a hundredth of a percent", () => {
        assert.deepEqual([share(0), share(0.12345), share(-1)], ["0%", "12.35%", "-100%"]);
    });
});
