// An administrator's day on the real stack: somebody new, racks from a file, the ERP, a server that is away, the audit trail, what went wrong; and a server that takes this build no more.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { isKept, launch, logIn, newDesk, newPhone, picture, scanner, watch } from "./lib/browser.mjs";
import { freeRacks } from "./lib/counting.mjs";
import { recordsOf, root, startStack, until } from "./lib/stack.mjs";

const run = promisify(execFile);
const { prepareZXingModule, readBarcodes } = await import(createRequire(join(root, "console/package.json")).resolve("zxing-wasm/reader"));
prepareZXingModule({ overrides: { wasmBinary: readFileSync(join(root, "console/node_modules/zxing-wasm/dist/reader/zxing_reader.wasm")) } });
const { default: decodeQR } = await import(createRequire(join(root, "console/package.json")).resolve("qr/decode.js"));

let stack, browser;
before(async () => {
    stack = await startStack("console-admin");
    browser = await launch();
});
after(async () => {
    await browser?.close();
    await stack?.down();
});

describe("an administrator's day", () => {
    let page, faults, call;
    before(async () => {
        page = await (await newDesk(browser)).newPage();
        faults = await watch(page);
        await logIn(page, stack, stack.user("admin"));
        call = await stack.api(stack.user("admin"));
    });
    after(() => page.context().close());

    const open = async (path) => {
        await page.goto(stack.console + path);
        await page.locator('main [aria-busy="true"]').waitFor({ state: "detached" });
    };

    it("has its pages and what reads pictures of codes on the device soon after login", async () => {
        await isKept(page);
        const kept = () => page.evaluate(async () => (await (await caches.open("sv-assets")).keys()).map((request) => new URL(request.url).pathname));
        for (const file of [/assets\/admin-.*\.js$/, /assets\/labels-.*\.js$/, /assets\/reports-.*\.js$/, /scan-worker-.*\.js$/, /\.wasm$/]) await until(String(file), async () => (await kept()).some((path) => file.test(path)));
    });

    it("adds a user, who then logs in", async () => {
        await open("admin/users/new");
        await page.locator("[name=full_name]").fill("Nia Example");
        await page.locator("[name=new-username]").fill("Nia");
        await page.locator("main select").selectOption("supervisor");
        await page.locator("main form .button-soft").click();
        await page.locator("main form button[type=submit]").click();
        await page.locator(".hand-over").waitFor();
        const [username, password] = await page.locator(".hand-over dd").allInnerTexts();
        assert.equal(username, "nia");
        assert.match(password, /^(?:[a-z2-9]{4}-){3}[a-z2-9]{4}$/);
        const { items } = await call("GET", "/api/admin/users?q=nia");
        assert.deepEqual(items.map(({ full_name, role, enabled }) => [full_name, role, enabled]), [["Nia Example", "supervisor", true]]);

        const other = await (await newPhone(browser)).newPage();
        await logIn(other, stack, { username, password });
        await until("a login that the server knows", async () => (await call("GET", `/api/admin/users/${items[0].user_id}`)).last_login_at !== null);
        await other.context().close();
    });

    it("says beside the field that a user name is taken", async () => {
        await open("admin/users/new");
        await page.locator("[name=full_name]").fill("Nia Again");
        await page.locator("[name=new-username]").fill("NIA");
        await page.locator("[name=new-password]").fill("long enough");
        await page.locator("main form button[type=submit]").click();
        await page.locator(".field", { has: page.locator("[name=new-username]") }).locator("[role=alert]").waitFor();
        assert.deepEqual(faults.splice(0), [`409: ${stack.url}/api/admin/users`]);
    });

    it("finds the user again, switches the account off and on, and gives it another password", async () => {
        await open("admin/users");
        await page.locator("main [type=search]").fill("nia");
        await page.locator(".table-row[data-link]", { hasText: "Nia Example" }).waitFor();
        await until("one row", async () => (await page.locator(".table-row[data-link]").count()) === 1);
        await page.locator(".table-row[data-link]").focus();
        await page.keyboard.press("Enter");
        await page.locator("main form").waitFor();
        const id = decodeURIComponent(page.url().split("/users/")[1]);
        const isEnabled = async (wanted) => until(`enabled: ${wanted}`, async () => (await call("GET", `/api/admin/users/${id}`)).enabled === wanted);
        await page.locator("main .button-danger").click();
        await page.locator("dialog .button-danger").click();
        await isEnabled(false);
        await page.locator("main section .button-primary").click();
        await isEnabled(true);
        await page.locator("main section .row .button").first().click();
        await page.locator("dialog .button-soft").click();
        await page.locator("dialog .button-danger").click();
        await page.locator("dialog .hand-over").waitFor();
        const [username, password] = await page.locator("dialog .hand-over dd").allInnerTexts();
        await stack.api({ username, password });
        await page.locator("dialog .dialog-actions .button-primary").click();
    });

    it("imports racks: two bad lines are named by line and field, nothing is written before it is meant", async () => {
        const csv = ["rack_id,warehouse,floor,zone,estimated_items", "IMP-01,WH-NORTH,Ground,A,12", "IMP-02,WH-NORTH,Ground,A,many", "IMP-03,WH-NORTH,,A,5", "IMP-04,WH-NORTH,Ground,B,", ""].join("\n");
        await open("admin/racks/import");
        await page.locator("input[type=file]").setInputFiles({ name: "racks.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
        await until("the file's lines", async () => (await page.locator("textarea").inputValue()).includes("IMP-04"));
        await page.locator("main .card .button-primary").click();
        const refused = page.locator(".table").first().locator(".table-row:not(.table-head)");
        await refused.first().waitFor();
        const named = (await refused.allInnerTexts()).map((row) => row.split("\n").slice(0, 2).map((cell) => cell.trim()));
        assert.deepEqual(named, [["3", "estimated_items"], ["4", "floor"]]);
        const known = async () => (await call("GET", "/api/admin/racks?q=IMP-")).items.map((rack) => rack.rack_id);
        assert.deepEqual(await known(), []);
        await page.locator("main .button-large").click();
        await page.locator("main .button-large").waitFor({ state: "detached" });
        assert.deepEqual(await known(), ["IMP-01", "IMP-04"]);
    });

    it("says of a workbook what to do with it", async () => {
        await open("admin/racks/import");
        await page.locator("input[type=file]").setInputFiles({ name: "racks.csv", mimeType: "text/csv", buffer: Buffer.from("PK\u0003\u0004 and so on", "latin1") });
        assert.match(await page.locator("main [role=alert]").innerText(), /CSV/);
    });

    it("prints labels that scanners read, and nothing else of the page", async () => {
        await open("admin/racks/labels?q=IMP-01");
        const label = page.locator(".rack-label");
        await label.first().waitFor();
        assert.equal(await label.count(), 1);
        const { side, path } = await label.locator("svg").evaluate((svg) => ({ side: svg.viewBox.baseVal.width, path: svg.querySelector("path").getAttribute("d") }));
        assert.equal(decodeQR(pictureOf(side, path)), "IMP-01");
        await page.locator("main .segment", { hasText: "Barcode" }).click();
        const bars = label.locator(".barcode rect:not(:first-child)");
        await bars.first().waitFor();
        const stripes = await bars.evaluateAll((rects) => rects.map((rect) => [rect.x.baseVal.value, rect.width.baseVal.value]));
        assert.deepEqual((await readBarcodes(stripesOf(stripes))).map((code) => [code.format, code.text]), [["Code128", "IMP-01"]]);
        await page.emulateMedia({ media: "print" });
        assert.deepEqual(await Promise.all([".shell-nav", ".shell-head", "main .button", ".rack-label"].map((part) => page.locator(part).first().isVisible())), [false, false, false, true]);
        await page.emulateMedia({ media: "screen" });
    });

    it("watches an import from the ERP to its end, and sees the item it refused", async () => {
        const database = join(stack.directory, "erp.sqlite");
        const code = (await run("sqlite3", [database, "SELECT min(code) FROM items"])).stdout.trim();
        await run("sqlite3", [database, `UPDATE items SET unit_cost = 'dear' WHERE code = '${code}'`]);
        await open("admin/erp");
        await page.locator("main .card .button", { hasText: "everything" }).click();
        await page.locator("dialog .button-primary").click();
        await page.locator("[data-run]").waitFor();
        const erp = await call("GET", "/api/admin/erp/sync");
        assert.equal(erp.last_run.status, "succeeded");
        assert.ok(erp.last_run.full && erp.last_run.rows > 0 && erp.last_run.refused === 1);
        const row = page.locator("[data-run] .table-row:not(.table-head)");
        assert.equal(await row.count(), erp.last_run.errors.length);
        const told = await row.first().innerText();
        assert.ok(told.includes(code) && told.includes(erp.last_run.errors[0].field), told);
        assert.equal(Number((await page.locator("[data-run] .tile-value").first().innerText()).replaceAll(",", "")), erp.last_run.rows);
    });

    it("sees the audit chain whole, and what it did in it", async () => {
        await open("admin/audit?action=user.create");
        await page.locator("main .card .button-primary").click();
        await page.locator("main .banner.tone-ok").waitFor();
        const { chain, items } = await call("GET", "/api/admin/audit?verify=true&action=user.create&limit=1");
        assert.ok(chain.whole && chain.entries > 0);
        await page.locator(".table-row[data-link]").first().click();
        await page.locator("dialog[open]").waitFor();
        assert.match(await page.locator("dialog .details").innerText(), new RegExp(items[0].request_id));
        await page.keyboard.press("Escape");
        await page.locator("dialog").waitFor({ state: "detached" });
        await open("admin/audit");
        const rows = page.locator(".table-row[data-link]");
        await rows.first().waitFor();
        assert.equal(await page.locator(".audit-action").count(), await rows.count(), "every action is told in words");
        await page.locator(".audit-action", { hasText: "Added a user" }).first().waitFor();
        await open("admin/audit?from=2020-01-01");
        await page.locator(".audit-action").first().waitFor();
        assert.deepEqual(faults, []);
    });

    it("sees Redis go and come on the health page", async () => {
        const redis = (state) => page.locator(`[data-name=redis][data-state=${state}]`);
        await open("admin/health");
        await redis("up").waitFor();
        await stack.stop("redis");
        await redis("down").waitFor();
        assert.match(await page.locator("main").innerText(), /Look at the Redis server/);
        await page.locator("main .banner.tone-warn").waitFor();
        await picture(page, "admin-health");
        await stack.start("redis");
        await redis("up").waitFor();
        await page.locator("main .banner.tone-ok").waitFor();
        // What stopping Redis makes: calls that could not be answered, and streams of events that broke off.
        assert.deepEqual(faults.filter((fault) => !/^503: |ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE/.test(fault)), []);
    });
});

describe("the console's own errors", () => {
    it("come to the errors page once each, without what was in them; those of a time without network, too", async () => {
        const page = await (await newDesk(browser)).newPage();
        await logIn(page, stack, stack.user("admin"));
        const call = await stack.api(stack.user("admin"));
        const noted = async () => (await call("GET", "/api/admin/errors?source=console")).items;
        const fail = (name) =>
            page.evaluate((property) => {
                setTimeout(() => {
                    const nothing = undefined;
                    nothing[property];
                });
            }, name);
        for (let time = 0; time < 3; time++) await fail("asha");
        await page.evaluate(() => void Promise.reject(new Error('"Asha" counted 7310417 of ITEM-0042')));
        await page.evaluate(() => {
            const picture = new Image();
            picture.src = "https://elsewhere.example/asha.png";
        });
        const codes = async () => (await noted()).map((entry) => entry.code).sort();
        await until("three reports", async () => (await noted()).length >= 3);
        assert.deepEqual(await codes(), ["console_error", "console_error", "csp_violation"]);

        await stack.stop("nginx");
        await fail("unplugged");
        await until("a kept report", () => page.evaluate(() => localStorage.getItem("sv.errors")?.includes("unplugged") === true));
        await stack.start("nginx");
        await page.reload();
        await until("four reports", async () => (await noted()).length >= 4);
        const entries = await noted();
        assert.equal(entries.length, 4);
        const told = JSON.stringify(entries);
        for (const secret of ["Asha", "7310417", "ITEM-0042", "asha.png"]) assert.ok(!told.includes(secret), secret);

        await page.goto(`${stack.console}admin/errors?source=console`);
        await page.locator(".table-row[data-link]").first().click();
        await page.locator("dialog .details").waitFor();
        await page.context().close();
    });
});

describe("a server that takes this build no more", () => {
    it("gets what was counted first, then insists on an update", async () => {
        const page = await (await newPhone(browser)).newPage();
        await logIn(page, stack, stack.user("staff"));
        await isKept(page);
        const staff = await stack.api(stack.user("staff"));
        const [{ rack, items }] = await freeRacks(staff, (await staff("GET", "/api/home")).user.warehouse, 1);
        const code = items[0].item_code;
        await page.goto(`${stack.console}racks`);
        await page.locator("main [type=search]").fill(rack);
        await page.locator(".list-row", { hasText: rack }).locator(".button").click();
        await page.locator(".thumb-bar").waitFor();
        const session = decodeURIComponent(page.url().split("/count/")[1]);
        await page.locator(".segment >> nth=1").click();
        await page.locator(".count-line", { hasText: code }).waitFor();
        await page.locator(".segment >> nth=0").click();

        await stack.stop("nginx");
        const scan = await scanner(page);
        for (let count = 0; count < 3; count++) await scan(code);
        await page.locator(".count-line .line-total", { hasText: "3" }).waitFor();
        const conf = join(stack.directory, "nginx.conf");
        writeFileSync(conf, readFileSync(conf, "utf8").replace(/http \{/, "http {\n    stockverify_min_client 9.0.0;"));
        await stack.start("nginx");

        // Who counts goes on counting, and is told.
        await page.reload();
        await page.locator(".shell-page > .banner").waitFor();
        await page.locator(".count-line").first().waitFor();
        await page.goto(stack.console);
        await page.locator("main .empty .button-large").waitFor();
        const call = await stack.api(stack.user("supervisor"));
        await until("everything sent", async () => (await recordsOf(call, session)).filter((record) => record.status !== "void").reduce((sum, record) => sum + record.verified_qty, 0) === 3);
        const update = page.locator("main .empty .button", { hasText: "Update" });
        await update.click();
        // There is no newer build here: it says whom to tell.
        await page.locator("main .empty .banner.tone-info").waitFor();
        assert.equal(await page.locator(".shell-nav").count(), 0);
        await page.context().close();
    });
});

/** What a camera would see of a label: each module four pixels wide. */
function pictureOf(side, path) {
    const scale = 4;
    const width = side * scale;
    const data = new Uint8Array(width * width * 4).fill(255);
    for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)/g))
        for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row++) data.fill(0, (row * width + Number(x) * scale) * 4, (row * width + (Number(x) + Number(length)) * scale) * 4);
    for (let alpha = 3; alpha < data.length; alpha += 4) data[alpha] = 255;
    return { width, height: width, data };
}

function stripesOf(stripes) {
    const scale = 4;
    const quiet = 10 * scale;
    const width = Math.max(...stripes.map(([at, wide]) => at + wide)) * scale + 2 * quiet;
    const height = 80;
    const data = new Uint8ClampedArray(width * height * 4).fill(255);
    for (let row = 0; row < height; row++) for (const [at, wide] of stripes) data.fill(0, (row * width + quiet + at * scale) * 4, (row * width + quiet + (at + wide) * scale) * 4);
    for (let alpha = 3; alpha < data.length; alpha += 4) data[alpha] = 255;
    return { width, height, data, colorSpace: "srgb" };
}
