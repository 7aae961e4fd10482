// A counter whose figure meets another's: both are shown with what the server lets this counter do; of a blind count the other's is not shown.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isKept, launch, logIn, newDesk, newPhone, picture } from "./lib/browser.mjs";
import { claim, databases, expectTotal } from "./lib/counter.mjs";
import { claimRack, figureOf, send } from "./lib/counting.mjs";
import { recordsOf, startStack } from "./lib/stack.mjs";

let stack, browser, supervisor, asha;
before(async () => {
    stack = await startStack("console-conflict");
    browser = await launch();
    supervisor = await stack.api(stack.user("supervisor"));
    asha = await stack.api(stack.user("staff", 0));
});
after(async () => {
    await browser?.close();
    await stack?.down();
});

/** The phone of `user`, whose figure 9 of a rack's first item meets Asha's 4, that came after the phone took the rack's list. */
async function inConflict(user) {
    const context = await newPhone(browser);
    const page = await context.newPage();
    await logIn(page, stack, user);
    await isKept(page);
    const before = await claim(page, stack.console);
    const rackId = (await databases(page).then((found) => Object.values(found).flatMap(({ sessions = [] }) => sessions))).find(({ key }) => key === before.session).value.rack.rack_id;
    await page.locator("header .button-icon").last().click();
    await page.locator("dialog .button-wide").last().click();
    await page.locator("dialog .button-danger").click();
    await page.waitForURL(/\/console\/?$/);
    const [code] = before.codes;
    const { session_id: other } = await claimRack(asha, rackId);
    await send(asha, [figureOf(other, code, 4)]);
    await asha("POST", `/api/racks/${encodeURIComponent(rackId)}/release`, {});
    // The list that the phone has is of before that.
    await context.route(/\/api\/racks\/[^/]+\/items/, (route) => route.abort());
    await page.goto(`${stack.console}racks`);
    await page.locator("input[type=search]").fill(rackId);
    await page.locator(".list-row .button").first().click();
    await page.locator(".thumb-bar").waitFor();
    const session = decodeURIComponent(page.url().split("/count/")[1]);
    await page.goto(`${page.url()}/item/${encodeURIComponent(code)}`);
    await page.locator(".keypad .pin-key", { hasText: "9" }).click();
    await page.locator("form button[type=submit]").click();
    await expectTotal(page, code, "9 ");
    await page.locator(".line-conflict").waitFor();
    await page.goto(`${stack.console}conflicts`);
    await page.locator(".versus-side").nth(1).waitFor();
    return { context, page, code, session };
}

describe("a count that meets another's", () => {
    it("shows both, and what may be done; what is chosen counts", async () => {
        const { context, page, code, session } = await inConflict(stack.user("staff", 1));
        const sides = page.locator(".versus-side");
        assert.match(await sides.nth(0).innerText(), /9/);
        const me = await asha("GET", "/api/auth/me");
        assert.match(await sides.nth(1).innerText(), /4/);
        await sides.nth(1).getByText(me.full_name).waitFor();
        await picture(page, "counter-conflict");
        const both = page.getByRole("button", { name: /Both count: .*13/ });
        await both.click();
        // A finger that slips decides nothing.
        await page.locator("dialog .dialog-actions .button").last().click();
        await both.click();
        await page.locator("dialog .button-primary").click();
        await page.locator("main .empty").waitFor();
        const figures = (await recordsOf(supervisor, session)).filter((record) => record.item_code === code);
        assert.deepEqual(figures.map((record) => record.verified_qty), [9]);
        await context.close();
    });

    it("speaks of nobody else where both are one's own", async () => {
        const user = stack.user("staff", 1);
        const context = await newPhone(browser);
        const page = await context.newPage();
        await logIn(page, stack, user);
        await isKept(page);
        const { session, codes: [code] } = await claim(page, stack.console);
        // Another phone of the same user, of which this one hears nothing.
        await context.route(/\/api\/racks\/[^/]+\/items/, (route) => route.abort());
        await send(await stack.api(user), [figureOf(session, code, 4)]);
        await page.goto(`${stack.console}count/${encodeURIComponent(session)}/item/${encodeURIComponent(code)}`);
        await page.locator(".keypad .pin-key", { hasText: "9" }).click();
        await page.locator("form button[type=submit]").click();
        await expectTotal(page, code, "9 ");
        await page.locator(".line-conflict").waitFor();
        await page.goto(`${stack.console}conflicts`);
        await page.locator(".versus-side").nth(1).getByText("I counted before").waitFor();
        assert.doesNotMatch(await page.locator("main section.card").innerText(), /somebody|someone|\belse/i);

        const office = await newDesk(browser);
        const desk = await office.newPage();
        await logIn(desk, stack, stack.user("supervisor"));
        await desk.goto(`${stack.console}decide`);
        const card = desk.locator("main article", { hasText: code });
        await card.getByText("This item was counted on this rack twice.", { exact: false }).waitFor();
        assert.doesNotMatch(await card.innerText(), /somebody|someone|\belse/i);
        for (const each of [context, office]) await each.close();
    });

    it("shows nothing of the other's figure in a blind count", async () => {
        const open = (await supervisor("GET", "/api/sessions?status=OPEN")).items.map((count) => count.session_id);
        await supervisor("POST", "/api/sessions/bulk/close", { session_ids: open, force: true });
        for (const warehouse of new Set((await supervisor("GET", "/api/racks/available?limit=500")).items.map((each) => each.warehouse))) await supervisor("POST", "/api/sessions", { warehouse, name: "blind", blind: true });
        const { context, page } = await inConflict(stack.user("staff", 2));
        const other = await page.locator(".versus-side").nth(1).innerText();
        assert.match(other, /blind/);
        assert.doesNotMatch(other.replace(/\d+:\d+|[A-Z]+\d+-[A-Z]+\d+/g, ""), /(^|\s)4(\s|$)/);
        assert.equal(await page.getByRole("button", { name: /Both count:/ }).count(), 0, "nor their sum");
        await context.close();
    });
});
