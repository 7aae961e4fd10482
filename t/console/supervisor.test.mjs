// A supervisor's day on the real stack: a blind count is opened, counted badly, decided, recounted, accepted by keyboard alone, approved and reversed.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { launch, logIn, newDesk, picture, watch } from "./lib/browser.mjs";
import { bookFrozen, claimRack, countRack, figureOf, freeRacks, lineOf, send } from "./lib/counting.mjs";
import { startStack, until } from "./lib/stack.mjs";

let stack, browser;
before(async () => {
    stack = await startStack("console-supervisor", "--settings", "APPROVAL_LIMIT_VALUE=1000000000", "--settings", "SYNC_RATE_LIMIT=0");
    browser = await launch();
});
after(async () => {
    await browser?.close();
    await stack?.down();
});

const idIn = (url) => decodeURIComponent(/\/counts\/([^/?]+)/.exec(url)?.[1] ?? "");
const row = (page, code) => page.locator('[role="row"]', { hasText: code });
const inWords = (page, words) => page.locator(".notice, .banner", { hasText: words }).first().waitFor();

/** The row of a table that has only those in sight in the page. */
async function rowInSight(page, code) {
    const wanted = row(page, code);
    const frame = page.locator(".table-frame").last();
    await frame.waitFor();
    await frame.evaluate((element) => element.scrollTo(0, 0));
    await until(`the row of ${code}`, async () => {
        if ((await wanted.count()) > 0) return true;
        await frame.evaluate((element) => element.scrollBy(0, 300));
        return false;
    });
    return wanted;
}

/** Goes on by Tab until `isThere` is true of what has the focus. */
async function tabTo(page, what, isThere) {
    for (let presses = 0; presses < 100; presses++) {
        if (await page.evaluate(`(${isThere})(document.activeElement)`)) return;
        await page.keyboard.press("Tab");
    }
    throw new Error(`no Tab leads to ${what}`);
}

describe("from a blind count to the books", () => {
    let page, faults, boss, admin, asha, ben, warehouse, racks, count;
    const item = (rack, place) => racks[rack].items[place].item_code;
    const review = (query = "") => page.goto(`${stack.console}counts/${count}/review${query}`);
    const lines = async (query) => (await boss("GET", `/api/sessions/${count}/review?limit=500&${query}`)).items;

    before(async () => {
        page = await (await newDesk(browser, { serviceWorkers: "block" })).newPage();
        faults = await watch(page);
        await logIn(page, stack, stack.user("supervisor"));
        [boss, admin, asha, ben] = await Promise.all([stack.user("supervisor"), stack.user("admin"), stack.user("staff", 0), stack.user("staff", 1)].map(stack.api));
        ({ warehouse } = await asha("GET", "/api/auth/me"));
        racks = await freeRacks(boss, warehouse, 3);
    });
    after(() => page.context().close());

    it("a count is opened, of everything and blind", async () => {
        await page.goto(`${stack.console}counts/new`);
        await page.locator("[name=name]").fill("Year-end count");
        await page.getByRole("button", { name: "Nothing (blind)" }).click();
        await page.getByRole("button", { name: "Open the count" }).click();
        await page.waitForURL(/\/counts\/(?!new)[^/]+$/);
        count = idIn(page.url());
        const opened = await boss("GET", `/api/sessions/${count}`);
        assert.deepEqual([opened.name, opened.blind, opened.strict, opened.floor, opened.racks, opened.warehouse], ["Year-end count", true, false, null, null, warehouse]);
        await bookFrozen(boss, count);
    });

    it("racks are assigned to people", async () => {
        for (const { rack } of racks.slice(0, 2)) await (await rowInSight(page, rack)).locator("input").check();
        await page.getByRole("button", { name: "Assign" }).click();
        await page.locator("dialog .list-row", { hasText: stack.user("staff", 0).username }).locator("input").check();
        await page.locator("dialog").getByRole("button", { name: "Assign", exact: true }).click();
        await page.locator("dialog").waitFor({ state: "detached" });
        const me = await asha("GET", "/api/auth/me");
        const told = (await boss("GET", `/api/sessions/${count}/racks?limit=500`)).items.filter((rack) => rack.assigned_to.length > 0);
        assert.deepEqual(told.map((rack) => [rack.rack_id, rack.assigned_to[0].user_id]).sort(), racks.slice(0, 2).map(({ rack }) => [rack, me.user_id]).sort());
        await (await rowInSight(page, racks[0].rack)).getByText(me.full_name).waitFor();
    });

    it("two people count badly, and a conflict is decided side by side", async () => {
        await countRack(asha, racks[0].rack, racks[0].items.map((each, place) => [each.item_code, place + 1]), { count_id: count });
        await countRack(ben, racks[1].rack, racks[1].items.map((each, place) => [each.item_code, place + 2]), { count_id: count });
        const { session_id: first } = await claimRack(asha, racks[2].rack, { count_id: count });
        await send(asha, [figureOf(first, item(2, 0), 4)]);
        await asha("POST", `/api/racks/${racks[2].rack}/release`, {});
        const { session_id: second } = await claimRack(ben, racks[2].rack, { count_id: count });
        await send(ben, [figureOf(second, item(2, 0), 9), figureOf(second, item(2, 1), 3)]);
        await ben("POST", `/api/sessions/${second}/complete`, {});

        await review();
        await page.locator(".blocked").getByRole("link", { name: "Decide them" }).click();
        const sides = page.locator(".side");
        await sides.first().waitFor();
        const { uom } = await boss("GET", `/api/erp/items/${item(2, 0)}`);
        assert.deepEqual(await sides.locator(".tile-value").allInnerTexts(), [`9 ${uom}`, `4 ${uom}`]);
        const [me, other] = await Promise.all([ben("GET", "/api/auth/me"), asha("GET", "/api/auth/me")]);
        await sides.nth(0).getByText(me.full_name).waitFor();
        await sides.nth(1).getByText(other.full_name).waitFor();
        await picture(page, "supervisor-conflict");
        await page.getByRole("button", { name: "Both count" }).click();
        await page.locator("main .empty").waitFor();
        await lineOf(boss, count, item(2, 0), (line) => line.counted === 13 && line.conflicts === 0);
    });

    it("a rack is recounted, by somebody else", async () => {
        await page.goto(`${stack.console}counts/${count}`);
        await (await rowInSight(page, racks[0].rack)).locator("input").check();
        await page.getByRole("button", { name: "Ask for a recount" }).click();
        await page.locator("dialog").getByRole("button", { name: "Ask for it" }).click();
        await page.locator("dialog").waitFor({ state: "detached" });
        await row(page, racks[0].rack).getByText("Recount asked for").waitFor();
        await assert.rejects(claimRack(asha, racks[0].rack, { count_id: count, recount: true }), /recount_other_user/);
        await countRack(ben, racks[0].rack, racks[0].items.map((each, place) => [each.item_code, place + 5]), { count_id: count, recount: true });
        await row(page, racks[0].rack).getByText("Done").waitFor();
        await lineOf(boss, count, item(0, 0), (line) => line.counted === 5);
    });

    it("counting is stopped, and a rack that nobody counts is excluded", async () => {
        await page.getByRole("button", { name: "Stop counting" }).click();
        await page.locator("dialog").getByRole("button", { name: "Stop counting" }).click();
        await page.getByText("Under review").first().waitFor();
        const open = new Set();
        for (const line of await lines("state=incomplete")) for (const rack of (await boss("GET", `/api/sessions/${count}/review/${line.item_code}`)).racks) if (rack.standing === "open") open.add(rack.rack_id);
        const barring = [...open];
        // Where no line waits for a rack, one that was not begun serves as well.
        const excluded = barring.shift() ?? (await boss("GET", `/api/sessions/${count}/racks?limit=500`)).items.find((rack) => rack.state === "not_begun").rack_id;
        if (barring.length > 0) await boss("POST", `/api/sessions/${count}/review/exclude`, { racks: barring, reason: "Locked" });
        await (await rowInSight(page, excluded)).locator("input").check();
        await page.getByRole("button", { name: "Exclude" }).click();
        await page.locator("dialog").getByRole("button", { name: "Exclude" }).click();
        await page.locator("dialog .banner").waitFor();
        await page.locator("dialog textarea").fill("The aisle is closed");
        await page.locator("dialog").getByRole("button", { name: "Exclude" }).click();
        await page.locator("dialog").waitFor({ state: "detached" });
        const told = (await boss("GET", `/api/sessions/${count}/racks?limit=500`)).items.find((rack) => rack.rack_id === excluded);
        assert.deepEqual([told.state, told.excluded_reason], ["excluded", "The aisle is closed"]);
        await until("no line that waits for a rack", async () => (await lines("state=incomplete")).length === 0);
    });

    it("a line that changed is shown anew, and one's own is told to be", async () => {
        // What happens is a hint that may be late: here it never comes.
        await page.route("**/api/events*", (route) => route.abort());
        await review("?state=undecided&sort=item_code");
        const code = item(1, 0);
        const wanted = await rowInSight(page, code);
        const before = await lineOf(boss, count, code);
        const [record] = (await boss("GET", `/api/sessions/${count}/review/${code}`)).records.filter((each) => each.counts);
        const sent = await send(ben, [figureOf(record.session_id, code, 77, { client_record_id: record.client_record_id, updated_at: new Date(Date.now() + 1000).toISOString() })]);
        assert.deepEqual(sent, { ok: [record.client_record_id], conflicts: [] });
        assert.ok((await lineOf(boss, count, code, (line) => line.counted === 77)).version > before.version);
        await wanted.getByRole("button").click();
        await inWords(page, "changed while you looked");
        await until("the new figure", async () => (await row(page, code).innerText()).includes("77"));
        // Who decided its conflict does not accept it.
        const own = item(2, 0);
        await (await rowInSight(page, own)).getByRole("button").click();
        await inWords(page, "somebody else has to accept it");
        const { items } = await boss("GET", `/api/sessions/${count}/review?item=${own}`);
        await admin("POST", `/api/sessions/${count}/review/accept`, { lines: items.map(({ item_code, lot, version }) => ({ item_code, lot, version })) });
        await page.unroute("**/api/events*");
    });

    it("lines are accepted and the count is approved by the keyboard alone", { timeout: 240_000 }, async () => {
        await review("?state=undecided&sort=item_code");
        await page.locator(".table-row[data-link]").first().waitFor();
        const waiting = (await lines("state=undecided")).length;
        assert.ok(waiting > 3, `${waiting} lines wait`);
        await picture(page, "supervisor-review");
        await page.keyboard.press("?");
        await page.locator("dialog .keys").waitFor();
        await page.keyboard.press("Escape");
        await page.locator("dialog").waitFor({ state: "detached" });
        await page.keyboard.press("j");
        await until("a line with the focus", () => page.evaluate(() => document.activeElement?.getAttribute("role") === "row"));
        await until("every line accepted", async () => {
            await page.keyboard.press("a");
            const focused = await page.evaluate(() => document.activeElement?.getAttribute("role") === "row");
            if (!focused) await page.keyboard.press("j");
            return (await boss("GET", `/api/sessions/${count}/review?limit=1`)).summary.undecided === 0;
        }, 120_000);
        await page.locator("main .empty").waitFor();
        const isApprove = (element) => element?.textContent?.trim() === "Approve" && element.tagName === "BUTTON";
        await tabTo(page, "Approve", isApprove);
        await page.keyboard.press("Enter");
        await page.locator("dialog textarea").waitFor();
        await tabTo(page, "the note", (element) => element?.tagName === "TEXTAREA");
        await page.keyboard.type("Year end");
        await page.keyboard.press("Tab");
        await tabTo(page, "Approve", isApprove);
        await page.keyboard.press("Enter");
        await page.waitForURL(/\/adjustments\//);
        assert.equal((await boss("GET", `/api/sessions/${count}`)).status, "APPROVED");
    });

    it("the adjustment says what the count says, and is reversed", async () => {
        await page.locator(".table-row[data-link]").first().waitFor();
        const adjustment = await boss("GET", `/api/adjustments/${count}?limit=500`);
        const differing = (await lines("state=accepted")).filter((line) => line.variance !== 0);
        assert.equal(adjustment.note, "Year end");
        assert.deepEqual(adjustment.items.map((line) => [line.item_code, line.delta]).sort(), differing.map((line) => [line.item_code, line.variance]).sort());
        const delta = new Map(adjustment.items.map((line) => [line.item_code, line.counted]));
        assert.deepEqual([delta.get(item(2, 0)), delta.get(item(1, 0)), delta.get(item(0, 0))], [13, 77, 5]);
        assert.ok((await page.locator("main").innerText()).includes(adjustment.items[0].item_code));
        await page.getByRole("button", { name: "Reverse" }).click();
        await page.locator("dialog textarea").fill("Wrong day");
        await page.locator("dialog").getByRole("button", { name: "Reverse" }).click();
        await page.getByText("What it takes back").waitFor();
        const reversed = await boss("GET", `/api/adjustments/${count}`);
        const reversal = await boss("GET", `/api/adjustments/${reversed.reversed_by}?limit=500`);
        assert.equal(page.url().endsWith(`/adjustments/${reversed.reversed_by}`), true);
        assert.deepEqual([reversal.kind, reversal.reverses, reversal.note], ["reversal", count, "Wrong day"]);
        assert.deepEqual(reversal.items.map((line) => [line.item_code, line.delta]).sort(), adjustment.items.map((line) => [line.item_code, -line.delta]).sort());
    });

    it("prints sheets for pencils: each page says its rack, its floor and which it is of how many", async () => {
        const { session_id } = await boss("POST", "/api/sessions", { warehouse, name: "By pencil", floor: "Ground Floor" });
        await bookFrozen(boss, session_id);
        await page.goto(`${stack.console}counts/${session_id}/sheets`);
        await page.locator(".picker input").first().check();
        await page.getByRole("button", { name: "Make the sheets" }).click();
        await page.locator(".sheet .barcode").first().waitFor();
        const racks = (await boss("GET", `/api/sessions/${session_id}/racks?limit=500`)).items.map(({ rack_id }) => rack_id);
        const sheets = page.locator(".sheet");
        for (let n = 0; n < (await sheets.count()); n++) {
            const head = await sheets.nth(n).locator("header").innerText();
            assert.ok(racks.some((rack) => head.includes(rack)) && head.includes("Ground Floor") && head.includes(`Page ${n + 1} of ${await sheets.count()}`), head);
        }
        await picture(page, "supervisor-sheets");
        await boss("POST", "/api/sessions/bulk/close", { session_ids: [session_id] });
    });

    it("a count is given up for a reason, which stays with it", async () => {
        const { session_id } = await boss("POST", "/api/sessions", { warehouse, name: "Opened by mistake", floor: "Ground Floor" });
        await page.goto(`${stack.console}counts/${session_id}`);
        await page.getByRole("button", { name: "Cancel the count" }).click();
        await page.locator("dialog textarea").fill("The wrong floor");
        await page.locator("dialog").getByRole("button", { name: "Cancel the count" }).click();
        await inWords(page, "The wrong floor");
        const { status, close_reason } = await boss("GET", `/api/sessions/${session_id}`);
        assert.deepEqual([status, close_reason], ["CLOSED", "The wrong floor"]);
    });

    it("a count says what asks for recounts by itself, and what phones still have", async () => {
        const { session_id } = await boss("POST", "/api/sessions", { warehouse, name: "Phones", tolerance: { percent: 5, quantity: 10, different_user: true } });
        await bookFrozen(boss, session_id);
        const [{ rack, items }] = await freeRacks(boss, warehouse, 1);
        const { session_id: floor } = await claimRack(asha, rack, { count_id: session_id });
        await asha("POST", "/api/sync/batch", { records: [figureOf(floor, items[0].item_code, 1)], left: 7 });
        await page.goto(`${stack.console}counts/${session_id}`);
        await page.getByText(/5.*%.* or .*10.* in quantity.*by somebody else/).waitFor();
        await page.goto(`${stack.console}counts/${session_id}/review`);
        const told = page.locator(".banner", { hasText: "7 records may still be on phones" });
        await told.getByText(rack).waitFor();
        await told.getByText((await asha("GET", "/api/auth/me")).full_name).waitFor();
        await boss("POST", "/api/sessions/bulk/close", { session_ids: [session_id], force: true });
    });

    it("nothing failed but what was meant to", () => {
        const meant = /^(?:403|409): .*\/review\/accept$|\/api\/events/;
        assert.deepEqual(faults.filter((fault) => !meant.test(fault)), []);
    });
});

describe("ten thousand lines", { timeout: 300_000 }, () => {
    const warehouse = "WH-LARGE";
    let page, count;
    before(async () => {
        const folder = mkdtempSync(join(tmpdir(), "console-rows-"));
        const items = Array.from({ length: 10_000 }, (_, n) => `ROW-${String(n).padStart(5, "0")},Item ${n},PCS,${warehouse},${n},1`);
        writeFileSync(join(folder, "items.csv"), ["item_code,item_name,uom,warehouse,stock_qty,unit_cost", ...items, ""].join("\n"));
        writeFileSync(join(folder, "racks.csv"), `rack_id,warehouse,floor\nROWS-1,${warehouse},Ground\n`);
        await stack.ctl("racks", "import", join(folder, "racks.csv"));
        await stack.ctl("items", "import", join(folder, "items.csv"));
        rmSync(folder, { recursive: true });
        const admin = await stack.api(stack.user("admin"));
        ({ session_id: count } = await admin("POST", "/api/sessions", { warehouse, name: "Ten thousand" }));
        await bookFrozen(admin, count);
        page = await (await newDesk(browser, { serviceWorkers: "block" })).newPage();
        await logIn(page, stack, stack.user("admin"));
        await page.goto(`${stack.console}counts`);
        await page.locator("main .list-row").first().waitFor();
    });
    after(() => page?.context().close());

    const rows = () => page.locator('[role="row"]').count();

    it("are painted after two calls at most, with sixty rows in the page at most", async () => {
        const calls = [];
        const hear = (request) => {
            if (/\/api\/(?!events|jobs)/.test(request.url())) calls.push(new URL(request.url()).pathname);
        };
        page.on("request", hear);
        await page.evaluate((to) => {
            const link = document.createElement("a");
            link.href = to;
            document.body.append(link);
            link.click();
            link.remove();
        }, `/console/counts/${count}/review?state=all&sort=item_code`);
        await row(page, "ROW-00000").waitFor();
        page.off("request", hear);
        assert.ok(calls.length <= 2, calls.join(" "));
        assert.equal(await page.locator('[role="table"]').getAttribute("aria-rowcount"), "10001");
        assert.ok((await rows()) <= 60, `${await rows()} rows`);
    });

    it("are walked to the last by the keyboard, and never more of them in the page", async () => {
        await page.keyboard.press("j");
        await until("the last row", async () => {
            await page.keyboard.press("End");
            assert.ok((await rows()) <= 60, `${await rows()} rows`);
            return (await page.locator('[aria-rowindex="10001"]').count()) > 0;
        }, 120_000);
        await row(page, "ROW-09999").waitFor();
    });
});
