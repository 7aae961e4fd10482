// What a counter typed and did not save: no tap, no logout and no finish loses it without asking; and the last step can be taken back after a reload.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { canCount, isKept, launch, logIn, newPhone, picture, scanner, watch } from "./lib/browser.mjs";
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

describe("a PIN", () => {
    it("is offered after a login by password, and logs in after a logout, once the name is there", async () => {
        const context = await newPhone(browser);
        const page = await context.newPage();
        const user = stack.user("staff", 3);
        await logIn(page, stack, user);
        await page.getByRole("button", { name: "Set the PIN" }).click();
        await page.locator("dialog input[type=password]").nth(0).fill(user.password);
        await page.locator("dialog input[type=password]").nth(1).fill("258036");
        await page.locator("dialog button[type=submit]").click();
        await page.locator("dialog").waitFor({ state: "detached" });
        await page.getByText("Log in faster here").waitFor({ state: "detached" });
        await logOut(page, stack.console);
        assert.equal(await page.getByRole("button", { name: "Log in by PIN" }).count(), 0, "nobody's name is told");
        await page.locator("[name=username]").fill(user.username);
        await page.getByRole("button", { name: "Log in by PIN" }).click();
        for (const digit of "258036") await page.locator(".pin-key", { hasText: digit }).click();
        await page.locator(".login .button-primary").click();
        await page.locator(".shell main").waitFor();
        await page.getByRole("heading", { level: 1 }).waitFor();
        // In Hindi, and wrong.
        await logOut(page, stack.console);
        await page.evaluate(() => localStorage.setItem("sv.locale", "hi"));
        await page.reload();
        await page.locator("[name=username]").fill(user.username);
        await page.getByRole("button", { name: "पिन से लॉग इन" }).click();
        for (const digit of "111111") await page.locator(".pin-key", { hasText: digit }).click();
        await page.locator(".login .button-primary").click();
        await page.getByText(/^पिन ग़लत है। \p{N} कोशिशें बाकी हैं।$/u).waitFor();
        await context.close();
    });
});

/** One that has serial numbers, on a rack that is free. */
async function trackedItem(call) {
    const { items: racks } = await call("GET", "/api/racks/available?limit=200");
    for (const { rack_id } of racks) {
        const { items } = await call("GET", `/api/racks/${encodeURIComponent(rack_id)}/items?limit=500`);
        const found = items.find((each) => each.serial_tracked && !each.lot_tracked);
        if (found !== undefined) return { rack_id, item_code: found.item_code };
    }
    throw new Error("no free rack has an item with serial numbers");
}

describe("a serial number", () => {
    it("that comes on its item's page counts at once, also by hand, and over a reload", async () => {
        const context = await newPhone(browser);
        const page = await context.newPage();
        const user = stack.user("staff", 4);
        const call = await stack.api(user);
        const { rack_id, item_code } = await trackedItem(call);
        const { session_id } = await call("POST", `/api/racks/${encodeURIComponent(rack_id)}/claim`, {});
        await logIn(page, stack, user);
        await isKept(page);
        await page.locator(".rack-card").waitFor();
        await page.goto(`${stack.console}count/${session_id}/item/${encodeURIComponent(item_code)}`);
        await page.locator("input.code").first().waitFor();
        const scan = await scanner(page);
        await scan("CONSOLE-SERIAL-1");
        await page.locator(".chip.serial", { hasText: "CONSOLE-SERIAL-1" }).waitFor();
        await page.reload();
        await page.locator(".chip.serial", { hasText: "CONSOLE-SERIAL-1" }).waitFor();
        assert.equal(await page.locator("#quantity").inputValue(), "1");
        await page.locator("input.code").first().fill("CONSOLE-SERIAL-2");
        await page.keyboard.press("Enter");
        await page.locator(".chip.serial", { hasText: "CONSOLE-SERIAL-2" }).waitFor();
        await page.goto(stack.console);
        await page.locator(".rack-card").waitFor();
        assert.equal(await page.locator("main section", { hasText: "not saved" }).count(), 0, "nothing waits for a save");
        await until("two on the server", async () => (await live(session_id)).join() === "2");
        const [{ serial_numbers }] = await recordsOf(supervisor, session_id);
        assert.deepEqual(serial_numbers, ["CONSOLE-SERIAL-1", "CONSOLE-SERIAL-2"]);
        await context.close();
    });
});

describe("the check of a device", () => {
    it("tells by how much its clock is wrong, and learns by the test code how the scanner types", async () => {
        const context = await newPhone(browser);
        const page = await context.newPage();
        await page.addInitScript(() => {
            const now = Date.now.bind(Date);
            Date.now = () => now() + 3 * 3600_000;
        });
        await logIn(page, stack, stack.user("staff", 2));
        await page.goto(`${stack.console}device`);
        await page.locator(".list-row", { hasText: "Clock" }).getByText(/3 hours/).waitFor();
        // On a French device an American scanner's keys bear other signs.
        const keys = [["q", "KeyA"], ["w", "KeyZ"], ["a", "KeyQ"], ["z", "KeyW"], ["y", "KeyY"], [",", "KeyM"], [")", "Minus"], ["Q", "KeyA", true], ["W", "KeyZ", true], ["à", "Digit0"], ["ç", "Digit9"], ["!", "Slash"]];
        await page.evaluate((pressed) => {
            for (const [key, code, shiftKey = false] of [...pressed, ["Enter", "Enter"]]) document.dispatchEvent(new KeyboardEvent("keydown", { key, code, shiftKey, bubbles: true, cancelable: true }));
        }, keys);
        await page.getByText("types as an American keyboard").waitFor();
        assert.equal(await page.locator(".device-code").innerText(), "azqwym-AZ09/");
        assert.equal(await page.evaluate(() => JSON.parse(localStorage.getItem("sv.preferences")).scannerKeys), "american");
        await picture(page, "counter-device");
        await context.close();
    });
});
