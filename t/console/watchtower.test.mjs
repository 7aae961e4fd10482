// The watchtower on the real stack: what happens is painted without a reload, past a reload of nginx and a Redis that starts anew, by one stream for all tabs.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, logIn, newDesk, picture, watch } from "./lib/browser.mjs";
import { startStack, until } from "./lib/stack.mjs";

let stack, browser, context, page, faults, counter, racks;
before(async () => {
    stack = await startStack("console-watchtower");
    browser = await launch();
    context = await newDesk(browser);
    page = await context.newPage();
    faults = await watch(page);
    await logIn(page, stack, stack.user("supervisor"));
    counter = await stack.api(stack.user("staff"));
    racks = (await counter("GET", "/api/racks/available")).items.map(({ rack_id }) => rack_id);
    await page.goto(`${stack.console}watchtower`);
    await isLive();
    // A page that is loaded again has forgotten this.
    await page.evaluate(() => (window.sameDocument = true));
});
after(async () => {
    await browser?.close();
    await stack?.down();
});

const isLive = () => page.locator('.live-chip[data-live="live"]').waitFor();
const tile = (rack, status) => page.locator(`.rack-tile[data-rack="${rack}"][data-status="${status}"]`);
const isSameDocument = () => page.evaluate(() => window.sameDocument === true);
const beat = ({ rack, session_id }, state) => counter("POST", `/api/racks/${rack}/${state}`, { session_id });

async function claim(rack) {
    const { session_id } = await counter("POST", `/api/racks/${rack}/claim`, {});
    return { rack, session_id };
}

/** Streams of events that the server has open, as it counts them. */
async function streams() {
    const text = await (await fetch(`${stack.url}/metrics`)).text();
    return Number(/^stockverify_event_streams (\d+)/m.exec(text)?.[1]);
}

describe("the watchtower", () => {
    let held;

    it("paints a claim, and who has the rack, without a reload", async () => {
        held = await claim(racks[0]);
        await tile(held.rack, "claimed").waitFor();
        await page.locator(".tower-people .table-row", { hasText: held.rack }).waitFor();
        await page.locator(".happening", { hasText: "Claimed" }).first().waitFor();
        assert.ok(await isSameDocument());
    });

    it("paints a break and its end", async () => {
        await beat(held, "pause");
        await tile(held.rack, "paused").waitFor();
        await beat(held, "resume");
        await tile(held.rack, "claimed").waitFor();
    });

    it("says how long nothing was heard of a phone, and hears a sign of life", async () => {
        const heard = page.locator(".tower-people .table-row", { hasText: held.rack }).locator(".table-cell").nth(1);
        await until("an age of some seconds", async () => Number.parseInt(await heard.innerText(), 10) >= 4);
        await counter("POST", "/api/sync/batch", {
            batch_id: crypto.randomUUID(),
            records: [{ client_record_id: crypto.randomUUID(), session_id: held.session_id, item_code: "WATCHED", verified_qty: 1, status: "finalized", created_at: new Date().toISOString(), updated_at: new Date().toISOString() }],
        });
        await page.locator(".happening", { hasText: "Figures sent" }).first().waitFor();
        assert.ok(await isSameDocument());
    });

    it("has one stream for two tabs, and the second tab sees as much", async () => {
        const second = await context.newPage();
        await second.goto(`${stack.console}watchtower`);
        await second.locator('.live-chip[data-live="live"]').waitFor();
        const other = await claim(racks[1]);
        await second.locator(`.rack-tile[data-rack="${other.rack}"][data-status="claimed"]`).waitFor();
        await until("one stream", async () => (await streams()) === 1);
        await picture(second, "supervisor-watchtower");
        await second.close();
    });

    it("finds a rack, and takes it from its holder for a reason, which is kept", async () => {
        const other = await claim(racks[4]);
        await page.getByRole("searchbox").fill(other.rack);
        await page.locator(".tower-search .list-row", { hasText: other.rack }).click();
        await page.getByRole("button", { name: "Free the rack" }).click();
        await page.locator("dialog textarea").fill("The phone is lost");
        await page.locator("dialog").getByRole("button", { name: "Free the rack" }).click();
        await tile(other.rack, "available").waitFor();
        await page.locator("dialog").waitFor({ state: "detached" });
        const admin = await stack.api(stack.user("admin"));
        const { items } = await admin("GET", `/api/admin/audit?action=rack.release&rack_id=${encodeURIComponent(other.rack)}`);
        assert.equal(items[0].details.reason, "The phone is lost");
        await page.getByRole("searchbox").fill("no such rack");
        await page.locator(".tower-search", { hasText: "No rack here is called so" }).waitFor();
    });

    it("survives a reload of nginx", async () => {
        await stack.signal("nginx", "HUP");
        const other = await claim(racks[2]);
        await tile(other.rack, "claimed").waitFor();
        await isLive();
        assert.ok(await isSameDocument());
    });

    it("survives a Redis that starts anew", async () => {
        await stack.stop("redis");
        await stack.start("redis");
        const other = await until("a claim", () => claim(racks[3]).catch(() => null));
        await tile(other.rack, "claimed").waitFor({ timeout: 60_000 });
        assert.ok(await isSameDocument());
    });

    it("ends its stream with the login, and leaves no fault behind", async () => {
        assert.deepEqual(faults.filter((fault) => !/50[0-9]: .*\/api\//.test(fault)), []);
        await page.goto(`${stack.console}more`);
        await page.locator(".shell main").waitFor();
        await until("a stream of this page", async () => (await streams()) === 1);
        await page.getByRole("button", { name: "Log out" }).click();
        await page.locator("dialog .button-primary, dialog .button-danger").first().click();
        await until("no stream", async () => (await streams()) === 0);
    });
});
