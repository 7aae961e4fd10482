// A supervisor's reports on the real stack: built, drawn, saved, made as a file that is downloaded; two snapshots compared.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { launch, logIn, newDesk, picture, watch } from "./lib/browser.mjs";
import { startStack, until } from "./lib/stack.mjs";

let stack, browser, page, faults, call;
before(async () => {
    stack = await startStack("console-reports");
    browser = await launch();
    page = await (await newDesk(browser, { acceptDownloads: true })).newPage();
    faults = await watch(page);
    call = await stack.api(stack.user("supervisor"));
    await logIn(page, stack, stack.user("supervisor"));
});
after(async () => {
    await browser?.close();
    await stack?.down();
});

const field = (label) => page.getByLabel(label, { exact: true });
const button = (name) => page.getByRole("button", { name, exact: true });
const settled = () => page.waitForFunction(() => document.querySelector("main") !== null && document.querySelector('main [aria-busy="true"]') === null);

/** What a page gives the browser to keep. */
async function downloaded(act) {
    const [download] = await Promise.all([page.waitForEvent("download"), act()]);
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

/** Names of the files in a ZIP, from its directory at the end. */
function namesInZip(bytes) {
    const names = [];
    for (let at = bytes.indexOf("PK\x01\x02"); at >= 0; at = bytes.indexOf("PK\x01\x02", at + 46)) names.push(bytes.toString("utf8", at + 46, at + 46 + bytes.readUInt16LE(at + 28)));
    return names;
}

describe("a report", () => {
    it("is built from what may be asked, and seen while it is built", async () => {
        await page.goto(`${stack.console}reports/build`);
        await field("Of what").selectOption("erp_items");
        await button("Add a group").click();
        await page.locator(".filter-row select").first().selectOption("category");
        await button("Add a figure").click();
        await page.locator(".table-head", { hasText: "Number" }).waitFor();
        const shown = await page.locator(".result .table-row:not(.table-head)").count();
        const preview = await call("POST", "/api/reports/query/preview", { collection: "erp_items", group_by: ["category"], aggregations: [{ op: "count" }] });
        assert.equal(shown, preview.items.length);
        assert.ok(shown > 1);
    });

    it("has a chart, whose bars say their figures in words", async () => {
        await button("Chart").click();
        const bars = page.locator(".result-chart .bar");
        await bars.first().waitFor();
        assert.match(await bars.first().innerText(), /\d/);
        await picture(page, "supervisor-report");
    });

    it("is saved under a name, and found by everybody who supervises", async () => {
        await button("Save the query").click();
        await page.locator("[name=query-name]").fill("Items by category");
        await page.locator("dialog .button-primary").click();
        await page.waitForURL(/reports\/build\/.+/);
        const { items } = await call("GET", "/api/reports/queries");
        assert.deepEqual(items.map(({ name, query }) => [name, query.group_by]), [["Items by category", [{ field: "category" }]]]);
        await page.goto(`${stack.console}reports`);
        await page.locator("main .list a", { hasText: "Items by category" }).click();
        await page.locator(".table-head", { hasText: "Number" }).waitFor();
    });

    it("is made as XLSX with a chart, and downloaded whole", async () => {
        await button("Make a file").click();
        await button("Make the file").click();
        const give = page.locator("dialog .button-primary", { hasText: "Download" });
        await give.waitFor({ timeout: 60_000 });
        const { name, bytes } = await downloaded(() => give.click());
        assert.match(name, /\.xlsx$/);
        const { items } = await call("GET", "/api/jobs?type=snapshot.export");
        assert.equal(bytes.length, items[0].size);
        const names = namesInZip(bytes);
        assert.ok(names.includes("[Content_Types].xml") && names.some((each) => /chart/.test(each)), names.join(" "));
        await page.keyboard.press("Escape");
    });

    it("asks for a new link at each download of a job", async () => {
        await page.goto(`${stack.console}jobs`);
        const row = page.locator(".job-row", { hasText: "File of a snapshot" }).first();
        const { bytes } = await downloaded(() => row.getByRole("button", { name: "Download" }).click());
        assert.equal(bytes.subarray(0, 2).toString(), "PK");
    });

    it("tells the end of a job on whatever page its asker is, and in the menu, and of another's job nothing", async () => {
        const another = await stack.api(stack.user("admin"));
        await page.goto(`${stack.console}more`);
        await page.locator(".shell main").waitFor();
        await page.waitForFunction(() => document.querySelector('nav a[href="/console/jobs"]') !== null);
        await until("a live page", async () => {
            await another("POST", "/api/reports/generate", { type: "session_history", format: "csv" });
            await call("POST", "/api/reports/generate", { type: "stock_summary", format: "csv" });
            return (await page.locator(".notice", { hasText: "is ready" }).count()) > 0;
        });
        assert.equal(await page.locator(".notice", { hasText: /history/i }).count(), 0);
        await page.locator('nav a[href="/console/jobs"] .badge').waitFor();
        await page.locator('nav a[href="/console/jobs"]').click();
        await page.locator('nav a[href="/console/jobs"] .badge').waitFor({ state: "detached" });
    });
});

describe("two snapshots", () => {
    const take = async (tag) => {
        await button("Take a snapshot").click();
        await page.locator("[name=snapshot-tags]").fill(tag);
        await page.locator("dialog .button-primary").click();
        await page.locator("dialog a.button-primary").waitFor({ timeout: 60_000 });
        await page.keyboard.press("Escape");
    };

    it("are taken of records, before and after somebody counts, and compared", async () => {
        await page.goto(`${stack.console}reports/build`);
        await field("Of what").selectOption("rack_registry");
        await page.locator(".table-head", { hasText: "Rack" }).first().waitFor();
        await take("racks");
        const counter = await stack.api(stack.user("staff"));
        const [rack] = (await counter("GET", "/api/racks/available")).items;
        await counter("POST", `/api/racks/${rack.rack_id}/claim`, {});
        await take("racks");
        await page.goto(`${stack.console}snapshots`);
        const boxes = page.locator(".snapshot-check input");
        await until("two snapshots", async () => (await boxes.count()) >= 2);
        await boxes.nth(0).check();
        await boxes.nth(1).check();
        await button("Compare").click();
        await page.locator("dialog .button-primary").click();
        await page.waitForURL(/comparisons\/.+/, { timeout: 60_000 });
        await settled();
        const table = page.locator("main .table-row:not(.table-head)");
        await table.first().waitFor();
        assert.equal(await table.count(), 1);
        assert.match(await table.first().innerText(), new RegExp(rack.rack_id));
        assert.match(await table.first().innerText(), /Changed/);
    });

    it("that can't be compared leave a job that says why, and is tried again", async () => {
        const { items } = await call("GET", "/api/reports/snapshots?tag=racks");
        const { job_id } = await call("POST", "/api/reports/compare", { baseline_id: items[1].snapshot_id, comparison_id: items[0].snapshot_id, key_fields: ["warehouse"] });
        const failed = () => call("GET", `/api/jobs/${job_id}`).then((job) => job.status === "failed" && job);
        const { finished_at } = await until("a failed job", failed);
        await page.goto(`${stack.console}jobs`);
        const row = page.locator(`[data-job="${job_id}"]`);
        await row.getByText("Several rows have the same key").waitFor();
        await row.getByRole("button", { name: "Try again" }).click();
        await until("another failure", async () => {
            const job = await failed();
            return job && job.finished_at !== finished_at;
        });
    });

    it("make a trend of their tag, with the figures as a table, too", async () => {
        await page.goto(`${stack.console}trend?tag=racks`);
        await page.locator(".series-plot canvas").waitFor();
        await page.locator("details summary", { hasText: "as a table" }).click();
        assert.equal(await page.locator(".series-table tbody tr").count(), 2);
    });
});

describe("a schedule", () => {
    it("is made with a time that moves with the day, and says when it runs next", async () => {
        await page.goto(`${stack.console}schedules/new`);
        await page.locator("[name=schedule-name]").fill("Variance of the week");
        await field("Time").selectOption("last_week");
        await button("Save").click();
        await page.waitForURL(/schedules\/(?!new).+/);
        const { items } = await call("GET", "/api/reports/schedules");
        assert.deepEqual([items[0].cron, items[0].filters], ["0 6 * * 1", { period: "last_week" }]);
        await page.goto(`${stack.console}schedules`);
        assert.match(await page.locator("main .list li").first().innerText(), /Monday.*6:00.*Next: /s);
        await page.locator("main .list a").first().click();
        await button("Run it now").click();
        await until("a run that ended", async () => (await call("GET", `/api/reports/schedules/${items[0].schedule_id}`)).last_status === "succeeded");
        await page.goto(`${stack.console}schedules`);
        await page.locator('.last-run[data-status="succeeded"]').waitFor();
    });

    it("that failed, or has switched itself off, is told on whatever page its owner is, whoever had it run", async () => {
        const [owner, other, admin] = [stack.user("supervisor", 0), stack.user("supervisor", 1), stack.user("admin")];
        const [byOwner, byOther, byAdmin] = await Promise.all([owner, other, admin].map(stack.api));
        const schedule = (name) => ({ name, cron: "0 6 * * 1", type: "variance", filters: { period: "last_week" }, recipients: [] });
        const mine = await byOwner("POST", "/api/reports/schedules", schedule("Variance of mine"));
        const theirs = await byOther("POST", "/api/reports/schedules", schedule("Variance of theirs"));
        const context = await newDesk(browser);
        const told = await context.newPage();
        await logIn(told, stack, owner);
        await told.goto(`${stack.console}dashboard`);
        await told.locator('.live-chip[data-live="live"]').waitFor();
        // Of a kind that no worker knows.
        for (const { schedule_id } of [theirs, mine]) {
            await stack.change("report_schedules", { schedule_id }, { "params.type": "gossip" });
            await byAdmin("POST", `/api/reports/schedules/${schedule_id}/run`, {});
            await until("a run that failed", async () => (await byAdmin("GET", `/api/reports/schedules/${schedule_id}`)).last_status === "failed");
        }
        await told.locator(".notice", { hasText: /Variance of mine.* failed/ }).waitFor();
        // Who owns it supervises no longer: at its next time it switches itself off, of which everybody hears.
        const { user_id } = await byOther("GET", "/api/auth/me");
        await byAdmin("PATCH", `/api/admin/users/${user_id}`, { role: "staff" });
        await stack.change("report_schedules", { schedule_id: theirs.schedule_id }, { next_at: { $date: "2026-01-05T06:00:00Z" } });
        await told.locator(".notice", { hasText: /Variance of theirs.* switched itself off/ }).waitFor();
        assert.equal(await told.locator(".notice", { hasText: /Variance of theirs.* failed/ }).count(), 0, "another's failure is another's news");
        await told.locator(".notice", { hasText: "Variance of theirs" }).getByRole("button", { name: "Look" }).click();
        await told.waitForURL(/schedules\/.+/);
        await context.close();
    });

    it("leaves no fault on any page behind", () => assert.deepEqual(faults, []));
});
