// A code that this device knows nothing of: the server's answer is offered, and without network it is captured and counted all the same.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { canCount, isKept, launch, logIn, newPhone, picture, scanner, watch } from "./lib/browser.mjs";
import { claim, databases, expectTotal } from "./lib/counter.mjs";
import { recordsOf, startStack, until } from "./lib/stack.mjs";

let stack, browser, page, faults, rack, scan, strangers, supervisor;
before(async () => {
    stack = await startStack("console-unknown");
    browser = await launch();
    supervisor = await stack.api(stack.user("supervisor"));
    page = await (await newPhone(browser)).newPage();
    faults = await watch(page);
    await logIn(page, stack, stack.user("staff", 0));
    await isKept(page);
    rack = await claim(page, stack.console);
    scan = await scanner(page);
    const here = new Set(Object.values(await databases(page)).flatMap(({ items = [] }) => items.map(({ value }) => value.item_code)));
    const { items } = await supervisor("GET", "/api/erp/items?limit=200");
    strangers = items.filter((item) => !here.has(item.item_code) && !item.serial_tracked && !item.lot_tracked && !item.delisted);
    assert.ok(strangers.length > 2);
});
after(async () => {
    await stack?.start("nginx").catch(() => undefined);
    await browser?.close();
    await stack?.down();
});

describe("a code that the rack's list does not have", () => {
    it("is asked of the server, and counts by a tap; from then on by its scan alone, also after a reload", async () => {
        const [{ item_code: code, item_name: name }] = strangers;
        await scan(code);
        const offer = page.locator("main section button", { hasText: code });
        await offer.waitFor();
        await picture(page, "counter-unknown");
        assert.match(await offer.innerText(), new RegExp(name.slice(0, 10).replace(/[^\w ]/g, ".")));
        await offer.click();
        await expectTotal(page, code, "1 ");
        await scan(code);
        await expectTotal(page, code, "2 ");
        await page.reload();
        await canCount(page);
        await scan(code);
        await expectTotal(page, code, "3 ");
        await page.locator(".count-line", { hasText: name }).waitFor();
    });

    it("is found by its name, too, among what the server has", async () => {
        const { item_code: code, item_name: name } = strangers[1];
        await page.locator(".thumb-bar .button").nth(1).click();
        await page.locator("dialog input").fill(name);
        await page.locator("dialog section button", { hasText: code }).click();
        await page.locator(".keypad .pin-key", { hasText: "4" }).click();
        await page.locator("form button[type=submit]").click();
        await expectTotal(page, code, "4 ");
    });

    it("is captured as unknown where nobody knows it, and without network", async () => {
        // The server says that it has no such item.
        faults.splice(0);
        await scan("QX7-NOTHING-LIKE-IT");
        await page.locator("main section", { hasText: "The server has nothing like it" }).or(page.locator("main section", { hasText: "Is it one of these?" })).first().waitFor();
        await stack.stop("nginx");
        await scan("QX8-NOR-THIS");
        await page.locator(".last", { hasText: "QX8-NOR-THIS" }).locator("a").click();
        await page.locator(".keypad .pin-key", { hasText: "5" }).click();
        await page.locator("form button[type=submit]").click();
        await expectTotal(page, "QX8-NOR-THIS", "5");
        await stack.start("nginx");
        await page.reload();
        await canCount(page);
        await until("the find on the server", async () => (await recordsOf(supervisor, rack.session)).some((record) => record.item_code === "QX8-NOR-THIS" && record.verified_qty === 5));
    });
});
