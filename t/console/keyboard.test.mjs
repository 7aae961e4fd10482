// A counter's rack by keyboard alone, from login to finish: whatever has the focus shows it, pages begin at their name, and an error is where one goes on.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isKept, launch, newDesk, watch } from "./lib/browser.mjs";
import { databases, expectTotal } from "./lib/counter.mjs";
import { recordsOf, startStack, until } from "./lib/stack.mjs";

let stack, browser, page, faults, session, code;
before(async () => {
    stack = await startStack("console-keyboard");
    browser = await launch();
    page = await (await newDesk(browser)).newPage();
    faults = await watch(page);
    await page.addInitScript(() => localStorage.setItem("sv.preferences", JSON.stringify({ toured: true })));
});
after(async () => {
    await browser?.close();
    await stack?.down();
});

const focused = (locator) => locator.evaluate((element) => element === document.activeElement).catch(() => false);

/** What has the focus and does not show it. */
const unseen = () =>
    page.evaluate(() => {
        const active = document.activeElement;
        if (active === null || active === document.body) return null;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(active);
        return (outlineStyle === "none" || outlineWidth === "0px") && boxShadow === "none" ? active.outerHTML.slice(0, 120) : null;
    });

async function tabTo(locator, key = "Tab") {
    await locator.waitFor();
    for (let steps = 0; steps < 80; steps++) {
        if (await focused(locator)) return;
        await page.keyboard.press(key);
        assert.equal(await unseen(), null);
    }
    assert.fail(`no ${key} leads to ${locator}`);
}

/** As a person types: a scanner is ten times faster. */
const type = (text) => page.keyboard.type(text, { delay: 60 });

const atHeading = () => until("the focus at the page's name", () => focused(page.locator("h1")));

describe("by keyboard alone", () => {
    it("logs in; a wrong password is corrected where it was entered", async () => {
        const user = stack.user("staff", 0);
        await page.goto(stack.console);
        await tabTo(page.locator("[name=username]"));
        await type(user.username);
        await tabTo(page.locator("[name=password]"));
        await type("not-the-password");
        await tabTo(page.locator("form button[type=submit]"));
        await page.keyboard.press("Enter");
        await page.locator(".field-fault").waitFor();
        await until("the focus at what is wrong", () => focused(page.locator("[name=password]")));
        await page.keyboard.press("Control+a");
        await type(user.password);
        await page.keyboard.press("Enter");
        await page.locator(".shell main").waitFor();
        await isKept(page);
        await atHeading();
        faults.splice(0);
    });

    it("takes a rack from the list", async () => {
        await tabTo(page.locator(".shell-nav a", { hasText: "Racks" }));
        await page.keyboard.press("Enter");
        await page.locator(".list-row .button").first().waitFor();
        await atHeading();
        await tabTo(page.locator(".list-row .button").first());
        await page.keyboard.press("Enter");
        await page.locator(".thumb-bar").waitFor();
        await atHeading();
        session = decodeURIComponent(page.url().split("/count/")[1]);
    });

    it("counts by typing a code, and sets a quantity", async () => {
        await tabTo(page.locator(".segment").nth(1));
        await page.keyboard.press("Enter");
        await page.locator(".count-line").first().waitFor();
        const items = Object.values(await databases(page)).flatMap(({ items: found = [] }) => found.map(({ value }) => value));
        const here = new Set(await page.locator(".count-line .code").allInnerTexts());
        code = items.find((item) => here.has(item.item_code) && !item.serial_tracked && !item.lot_tracked).item_code;
        await tabTo(page.locator(".thumb-bar .button").nth(1));
        await page.keyboard.press("Enter");
        await tabTo(page.locator("dialog input"));
        await type(code);
        await page.keyboard.press("Enter");
        await page.locator("dialog").waitFor({ state: "detached" });
        await tabTo(page.locator(".segment").nth(0), "Shift+Tab");
        await page.keyboard.press("Enter");
        await expectTotal(page, code, "1 ");
        await tabTo(page.locator(".count-line a").first());
        await page.keyboard.press("Enter");
        await page.locator("#quantity").waitFor();
        await atHeading();
        await tabTo(page.locator("#quantity"));
        await page.keyboard.press("Control+a");
        await type("12");
        await page.keyboard.press("Enter");
        await expectTotal(page, code, "12 ");
    });

    it("finishes the rack", async () => {
        await tabTo(page.locator(".thumb-bar .button").nth(3));
        await page.keyboard.press("Enter");
        await page.locator(".finish-head").waitFor();
        await atHeading();
        await tabTo(page.locator("main .button-primary").last());
        await page.keyboard.press("Enter");
        await tabTo(page.locator("dialog .button-primary"));
        await page.keyboard.press("Enter");
        const call = await stack.api(stack.user("supervisor"));
        await until("a completed session", async () => (await call("GET", `/api/sessions/${session}`)).status === "completed");
        await page.locator("main .empty").waitFor();
        await atHeading();
        const figures = (await recordsOf(call, session)).filter((record) => record.item_code === code);
        assert.deepEqual(figures.map((record) => record.verified_qty), [12]);
        assert.deepEqual(faults, []);
    });
});
