// What a counter typed and did not save: no tap, no logout and no finish loses it without asking; and the last step can be taken back after a reload.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { canCount, isKept, launch, logIn, newPhone, scanner, watch } from "./lib/browser.mjs";
import { claim, expectTotal, logOut } from "./lib/counter.mjs";
import { recordsOf, startStack, until } from "./lib/stack.mjs";

let stack, browser, supervisor;
before(async () => {
    stack = await startStack("console-entries");
    browser = await launch();
    supervisor = await stack.api(stack.user("supervisor"));
});
after(async () => {
    await browser?.close();
    await stack?.down();
});

const live = async (session) => (await recordsOf(supervisor, session)).filter(({ status }) => status !== "void").map(({ verified_qty }) => verified_qty);

describe("what is typed and not saved", () => {
    let context, page, faults, rack, asha, item, count;
    const unsaved = () => page.locator("main section", { hasText: "not saved" });
    before(async () => {
        asha = stack.user("staff", 0);
        context = await newPhone(browser);
        page = await context.newPage();
        faults = await watch(page);
        await logIn(page, stack, asha);
        await isKept(page);
        rack = await claim(page, stack.console);
        count = `${stack.console}${rack.path}`;
        item = (code) => `${count}/item/${encodeURIComponent(code)}`;
    });
    after(() => context.close());

    it("stays when a tap leads elsewhere, and over a reload", async () => {
        await page.goto(item(rack.codes[0]));
        await page.locator(".keypad .pin-key", { hasText: "7" }).click();
        await page.locator("header a").first().click();
        await unsaved().or(page.locator(".thumb-bar")).first().waitFor();
        await page.goto(`${count}/unknown?code=NOBODY-KNOWS`);
        await page.locator(".keypad .pin-key", { hasText: "3" }).click();
        await page.reload();
        assert.equal(await page.locator("#quantity").inputValue(), "3");
        await page.goto(stack.console);
        await unsaved().locator("a").nth(1).waitFor();
    });

    it("is told before a logout, waits for whoever typed it, and is nobody else's", async () => {
        await page.goto(`${stack.console}more`);
        await unsaved().waitFor();
        await page.locator("main .button-wide").last().click();
        await page.locator("dialog", { hasText: "2 entries are not saved" }).waitFor();
        await page.locator("dialog .button-danger").click();
        await page.locator(".login [name=password]").waitFor();
        await logIn(page, stack, stack.user("staff", 1));
        await page.locator(".empty").first().waitFor();
        assert.equal(await unsaved().count(), 0);
        await logOut(page, stack.console);
        await logIn(page, stack, asha);
        await page.locator(".rack-card").waitFor();
        await unsaved().locator("a", { hasText: "7" }).click();
        await page.locator("#quantity").waitFor();
        assert.equal(await page.locator("#quantity").inputValue(), "7");
    });

    it("is saved by a tap, and then is not asked for any more", async () => {
        await page.locator("form button[type=submit]").click();
        await expectTotal(page, rack.codes[0], "7 ");
        await page.goto(`${count}/finish`);
        await unsaved().locator("a").waitFor();
        assert.equal(await unsaved().locator("a").count(), 1);
    });

    it("is asked for before the rack is finished, and before it is given back", async () => {
        await page.locator("main .button-primary").last().click();
        await page.locator("dialog", { hasText: "1 entry is not saved" }).waitFor();
        await page.locator("dialog .dialog-actions .button").last().click();
        await page.locator("dialog[open]").waitFor({ state: "detached" });
        await page.goto(count);
        await canCount(page);
        await page.locator("header .button-icon").last().click();
        await page.locator("dialog .button-wide").last().click();
        await page.locator("dialog .button-danger").waitFor();
        await page.locator("dialog", { hasText: "1 entry is not saved" }).waitFor();
        await page.locator("dialog .dialog-actions .button").last().click();
        await page.goto(`${count}/finish`);
        await unsaved().waitFor();
        await page.locator("main .button-primary").last().click();
        await page.locator("dialog .button-danger").click();
        await page.locator("dialog", { hasText: "stay" }).locator(".button-primary").click();
        await until("a completed session", async () => (await supervisor("GET", `/api/sessions/${rack.session}`)).status === "completed");
        assert.deepEqual(await live(rack.session), [7]);
        await page.goto(stack.console);
        await page.locator(".empty").first().waitFor();
        assert.equal(await unsaved().count(), 0);
        assert.deepEqual(faults, []);
    });
});

describe("the last step", () => {
    it("can be taken back after a reload", async () => {
        const context = await newPhone(browser);
        const page = await context.newPage();
        await logIn(page, stack, stack.user("staff", 2));
        await isKept(page);
        const rack = await claim(page, stack.console);
        const scan = await scanner(page);
        await scan(rack.codes[0]);
        await scan(rack.codes[0]);
        await expectTotal(page, rack.codes[0], "2 ");
        await page.reload();
        await expectTotal(page, rack.codes[0], "2 ");
        await page.locator(".thumb-bar .button").first().click();
        await expectTotal(page, rack.codes[0], "1 ");
        await until("one on the server", async () => (await live(rack.session)).join() === "1");
        await context.close();
    });
});
