// Which racks are whose, and where to go next.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isKept, launch, logIn, newPhone, picture, scanner, watch } from "./lib/browser.mjs";
import { claim, expectTotal } from "./lib/counter.mjs";
import { claimRack } from "./lib/counting.mjs";
import { startStack, until } from "./lib/stack.mjs";

let stack, browser, page, faults, free, ben;
before(async () => {
    stack = await startStack("console-racks");
    browser = await launch();
    ben = await stack.api(stack.user("staff", 1));
    free = (await ben("GET", "/api/racks/available?limit=500")).items;
    page = await (await newPhone(browser)).newPage();
    faults = await watch(page);
    await logIn(page, stack, stack.user("staff", 0));
    await isKept(page);
});
after(async () => {
    await browser?.close();
    await stack?.down();
});

describe("the racks of a floor", () => {
    it("tell who is counting one", async () => {
        const taken = free.at(-1).rack_id;
        await claimRack(ben, taken);
        const me = await ben("GET", "/api/auth/me");
        await page.goto(`${stack.console}racks?floor=${encodeURIComponent(free.at(-1).floor)}`);
        await page.locator(".list-row", { hasText: taken }).getByText(me.full_name).waitFor();
        assert.equal(await page.locator(".list-row", { hasText: taken }).locator(".button").count(), 0);
        await picture(page, "counter-racks");
    });

    it("lead from one to the next, with one tap after a finish and at home", async () => {
        const rack = await claim(page, stack.console);
        const scan = await scanner(page);
        await scan(rack.codes[0]);
        await expectTotal(page, rack.codes[0], "1 ");
        const first = await page.locator("h1").innerText();
        await page.goto(`${stack.console}${rack.path}/finish`);
        await page.locator("main .button-primary").last().click();
        await page.locator("dialog .button-primary").click();
        const call = await stack.api(stack.user("supervisor"));
        await until("a completed session", async () => (await call("GET", `/api/sessions/${rack.session}`)).status === "completed");
        const next = page.locator(".next-rack");
        await next.waitFor();
        await picture(page, "counter-next");
        const offered = await next.locator(".rack-name").innerText();
        const numeric = new Intl.Collator("en", { numeric: true });
        const { floor } = free.find(({ rack_id }) => rack_id === first);
        const walk = free.filter((each) => each.floor === floor && each.rack_id !== free.at(-1).rack_id).map(({ rack_id, zone }) => ({ rack_id, zone: zone ?? "" })).sort((a, b) => numeric.compare(a.zone, b.zone) || numeric.compare(a.rack_id, b.rack_id)).map(({ rack_id }) => rack_id);
        assert.equal(offered, walk[walk.indexOf(first) + 1]);
        await page.goto(stack.console);
        await next.waitFor();
        assert.equal(await next.locator(".rack-name").innerText(), offered);
        await picture(page, "counter-home");
        await next.locator(".button").click();
        await page.locator(".thumb-bar").waitFor();
        assert.equal(await page.locator("h1").innerText(), offered);
        assert.deepEqual(faults, []);
    });
});
