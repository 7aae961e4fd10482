// What goes wrong on a floor: damage among what was scanned, codes that nobody answers for at once, a finger that slips, a rack that is taken away.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { canCount, isKept, launch, logIn, newPhone, picture, scanner, watch } from "./lib/browser.mjs";
import { claim, expectTotal } from "./lib/counter.mjs";
import { recordsOf, startStack, until } from "./lib/stack.mjs";

let stack, browser, supervisor, page, faults, rack, scan;
before(async () => {
    stack = await startStack("console-floor", "--settings", "HEARTBEAT_INTERVAL=1");
    browser = await launch();
    supervisor = await stack.api(stack.user("supervisor"));
    page = await (await newPhone(browser)).newPage();
    faults = await watch(page);
    await logIn(page, stack, stack.user("staff", 0));
    await isKept(page);
    rack = await claim(page, stack.console);
    scan = await scanner(page);
});
after(async () => {
    await browser?.close();
    await stack?.down();
});

const last = (text) => page.locator(".last", { hasText: text });
const itemPage = (code) => page.goto(`${stack.console}${rack.path}/item/${encodeURIComponent(code)}`);
/** Until a part of the page says it; names and figures have signs for their direction around them. */
const says = (place, wanted) => until(wanted, async () => (await place.innerText().catch(() => "")).replace(/[\u2066-\u2069]/g, "").includes(wanted));
const key = (digit) => page.locator(".keypad .pin-key", { hasText: digit }).click();
const save = () => page.locator("form button[type=submit]").click();
const stored = (code) =>
    until(`${code} on the server`, async () => {
        const found = (await recordsOf(supervisor, rack.session)).find((record) => record.item_code === code && record.status !== "void");
        return found !== undefined && found;
    });
const toRack = async () => {
    await page.goto(`${stack.console}${rack.path}`);
    await canCount(page);
};

describe("a figure", () => {
    it("keeps damaged pieces beside the sound ones: a tap moves one that was scanned, and the sum is told", async () => {
        const [code] = rack.codes;
        for (let count = 0; count < 5; count++) await scan(code);
        await expectTotal(page, code, "5 ");
        await itemPage(code);
        await page.locator("summary").first().click();
        await page.getByRole("button", { name: "One of those above is damaged" }).click();
        await says(page.locator("#quantity-says"), "4 sound + 1 damaged = 5");
        await picture(page, "counter-damage");
        await save();
        await expectTotal(page, code, "4 ");
        await says(page.locator(".count-line", { hasText: code }), "+ 1 damaged");
        const { verified_qty, damage_qty } = await until("the damage", async () => {
            const record = await stored(code);
            return record.damage_qty === 1 && record;
        });
        assert.deepEqual([verified_qty, damage_qty], [4, 1]);
    });

    it("with more damaged than sound is refused on the phone, not hours later by the server", async () => {
        const [, code] = rack.codes;
        await itemPage(code);
        await key("2");
        await page.locator("summary").first().click();
        await page.getByLabel("Damaged, can be returned").fill("3");
        await save();
        await page.locator("main .field-fault", { hasText: "More damaged than sound" }).waitFor();
        const told = page.locator(".notice", { hasText: "More damaged than sound" });
        await told.waitFor();
        await page.getByLabel("Damaged, can be returned").fill("2");
        await save();
        await expectTotal(page, code, "2 ");
        // It would lie over the way back of whatever page comes next.
        assert.equal(await told.count(), 0);
    });

    it("takes what is found later on top, without arithmetic in anybody's head", async () => {
        const [, code] = rack.codes;
        await itemPage(code);
        await page.getByRole("button", { name: "More of it" }).click();
        assert.equal(await page.locator("#quantity").inputValue(), "");
        await key("1");
        await key("2");
        await says(page.locator("#quantity-says"), "2 + 12 = 14");
        await picture(page, "counter-more");
        await save();
        await expectTotal(page, code, "14 ");
        await last("Set to").waitFor();
    });
});

describe("a step that is taken back", () => {
    it("says that the item is uncounted again, which is not a count of nothing", async () => {
        const [, , code] = rack.codes;
        await scan(code);
        await scan(code);
        await expectTotal(page, code, "2 ");
        const undo = page.locator(".thumb-bar .button").first();
        await undo.click();
        await last("Taken back").locator(".last-total", { hasText: "1" }).waitFor();
        await undo.click();
        await last("uncounted again").waitFor();
        assert.equal(await page.locator(".last .last-total").count(), 0);
    });
});

describe("a code that needs an answer", () => {
    const open = () => page.locator("main section", { hasText: "not counted yet" });

    it("is not forgotten by scanning on, nor by a reload, nor by a finish", async () => {
        const [code] = rack.codes;
        for (const each of ["ZZ9-STRANGE", "ZZ9-STRANGE", "ZZ8-OTHER", code]) await scan(each);
        await expectTotal(page, code, "5 ");
        await open().getByText("3 scans are not counted yet").waitFor();
        await page.reload();
        await canCount(page);
        await open().locator(".list-row", { hasText: "ZZ9-STRANGE" }).getByText("× 2").waitFor();
        await picture(page, "counter-open-scans");
        await page.goto(`${stack.console}${rack.path}/finish`);
        await page.locator("main .button-large").click();
        await page.locator("dialog", { hasText: "3 scans are not counted yet" }).waitFor();
        await page.locator("dialog .button").last().click();
    });

    it("is answered where it waits, or said to count for nothing", async () => {
        await toRack();
        await open().locator(".list-row", { hasText: "ZZ8-OTHER" }).getByRole("button", { name: "Does not count" }).click();
        await open().locator(".list-row", { hasText: "ZZ9-STRANGE" }).getByRole("button", { name: "Say what it is" }).click();
        await last("ZZ9-STRANGE").getByText("× 2").waitFor();
        await last("ZZ9-STRANGE").locator("a").click();
        await key("5");
        await save();
        await expectTotal(page, "ZZ9-STRANGE", "5");
        assert.equal(await open().count(), 0);
    });

    it("counts on once it was counted, and is not counted anew", async () => {
        await scan("ZZ9-STRANGE");
        await expectTotal(page, "ZZ9-STRANGE", "6");
        assert.equal((await until("six", async () => { const record = await stored("ZZ9-STRANGE"); return record.verified_qty === 6 && record; })).verified_qty, 6);
    });
});

describe("a rack that is taken away", () => {
    it("takes no scan any more, says so, and is had again by a tap", async () => {
        const [code] = rack.codes;
        await scan(code);
        await expectTotal(page, code, "6 ");
        await until("all sent", async () => (await stored(code)).verified_qty === 6);
        const name = await page.locator("h1").innerText();
        await supervisor("POST", `/api/racks/${encodeURIComponent(name)}/release`, { session_id: rack.session });
        await page.locator(".banner.tone-bad", { hasText: "given back or finished" }).waitFor();
        await scan(code);
        await last("Not counted").waitFor();
        await picture(page, "counter-over");
        await expectTotal(page, code, "6 ");
        await page.locator(".banner.tone-bad .button").click();
        await page.locator(".banner.tone-bad").waitFor({ state: "detached" });
        assert.notEqual(decodeURIComponent(page.url().split("/count/")[1]), rack.session);
        await scan(code);
        await page.locator("dialog, .last.tone-ok").first().waitFor();
    });

    it("broke nothing on the page", () => {
        // The server knows nothing of strange codes, and a heartbeat for a rack that is gone is a 409.
        assert.deepEqual(faults.filter((fault) => !/^40[49]: /.test(fault)), []);
    });
});
