// A new build while somebody counts, beside the build before it, and taken back again: no page reloads by itself, and no figure is lost.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { canCount, isKept, launch, logIn, newPhone, scanner, watch } from "./lib/browser.mjs";
import { claim, databases, expectTotal, total } from "./lib/counter.mjs";
import { recordsOf, root, startStack, until } from "./lib/stack.mjs";

const run = promisify(execFile);
let stack, browser, folder, supervisor;
const [older, newer] = ["older", "newer"];

/** The console as a build of that name: nothing but the name differs, and with it every file that says it. */
const build = (name) =>
    run(process.execPath, [join(root, "console/node_modules/.bin/vite"), "build"], { cwd: join(root, "console/app"), env: { ...process.env, CONSOLE_OUTPUT: join(folder, name), CONSOLE_BUILD: name } });
const install = (name) => run(join(root, "scripts/install-console"), [join(folder, name), join(folder, "served/console")]);

before(async () => {
    folder = mkdtempSync(join(process.env.STOCKVERIFY_TEST_RUNS ?? tmpdir(), "console-builds-"));
    const started = startStack("console-update");
    await build(older);
    await build(newer);
    await install(older);
    stack = await started;
    await stack.serve(join(folder, "served"));
    browser = await launch();
    supervisor = await stack.api(stack.user("supervisor"));
}, { timeout: 240_000 });
after(async () => {
    await browser?.close();
    await stack?.down();
    rmSync(folder, { recursive: true, force: true });
});

const storedOf = async (session) => (await recordsOf(supervisor, session)).filter(({ status }) => status !== "void").reduce((all, { verified_qty }) => all + verified_qty, 0);

/** The build whose page this is. */
async function buildOf(page) {
    const [address] = await page.evaluate(() => [...document.scripts].map((script) => script.src));
    return page.evaluate(async (address) => /"(older|newer)"|`(older|newer)`/.exec(await (await fetch(address)).text())?.slice(1).find(Boolean), address);
}

/** Until the new build is installed; an installation that broke off is begun anew. */
const findUpdate = (page) =>
    until("a new build that waits", () =>
        page.evaluate(async () => {
            const registration = await navigator.serviceWorker.getRegistration();
            await registration.update();
            const { installing } = registration;
            while (installing?.state === "installing") await new Promise((resolve) => installing.addEventListener("statechange", resolve, { once: true }));
            return registration.waiting !== null;
        }), 60_000);

/** Takes the build that waits, as a button does once nobody counts. The worker before ends what it has begun first. */
const takeUpdate = (page) =>
    page.evaluate(async () => {
        const { waiting } = await navigator.serviceWorker.getRegistration();
        const taken = new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve));
        const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`the new worker is ${waiting.state}`)), 60_000));
        waiting.postMessage({ kind: "take_over" });
        await Promise.race([taken, late]);
    });

/** Marks the page: a reload would lose the mark. */
const mark = (page) => page.evaluate(() => (window.isSame = true));
const isSame = (page) => page.evaluate(() => window.isSame === true);

describe("a new build", () => {
    let context, page, other, rack, faults;
    before(async () => {
        context = await newPhone(browser);
        page = await context.newPage();
        faults = await watch(page);
        await logIn(page, stack, stack.user("staff", 0));
        await isKept(page);
        rack = await claim(page, stack.console);
        assert.equal(await buildOf(page), older);
    });
    after(() => context.close());

    it("comes while a quantity is being entered: the page stays, with what was typed", async () => {
        await page.locator(".segment >> nth=1").click();
        await page.locator(".count-line", { hasText: rack.codes[0] }).locator("a").click();
        await page.locator("#quantity").fill("7");
        await mark(page);
        await install(newer);
        await findUpdate(page);
        assert.equal(await page.locator("#quantity").inputValue(), "7");
        await page.locator("form button[type=submit]").click();
        await expectTotal(page, rack.codes[0], "7 ");
        assert.ok(await isSame(page));
    });

    it("is taken by no tab while another has a page of a count open", async () => {
        other = await context.newPage();
        await other.goto(`${stack.console}count/practice/finish`);
        assert.equal(await buildOf(other), older, "the build before goes on until a person chooses");
        await page.locator(".count-line", { hasText: rack.codes[0] }).locator("a").click();
        await page.locator("#quantity").fill("8");
        const taken = () => other.evaluate(async () => (await navigator.locks.query()).held.some(({ name }) => name === "sv.counting"));
        await until("the lock of an open draft", taken);
        assert.ok(await isSame(page));
        assert.equal(await page.locator("#quantity").inputValue(), "8");
        await page.locator("form button[type=submit]").click();
        await expectTotal(page, rack.codes[0], "8 ");
    });

    it("stands in one tab beside the build before in another, and both count", async () => {
        await page.locator("header a, .page-head a").first().click();
        await page.locator(".rack-card").waitFor();
        await mark(page);
        await until("no lock", () => other.evaluate(async () => !(await navigator.locks.query()).held.some(({ name }) => name === "sv.counting")));
        await takeUpdate(other);
        await other.goto(stack.console + rack.path);
        await canCount(other);
        assert.equal(await buildOf(other), newer);
        assert.ok(await isSame(page), "the tab of the older build was not reloaded");
        await page.locator(".rack-card").click();
        await canCount(page);
        const [scanOld, scanNew] = [await scanner(page), await scanner(other)];
        await scanOld(rack.codes[0]);
        await expectTotal(page, rack.codes[0], "9 ");
        await until("the newer tab to show it", async () => (await total(other, rack.codes[0]).innerText()).startsWith("9 "));
        await scanNew(rack.codes[1]);
        await expectTotal(other, rack.codes[1], "1 ");
        await until("both on the server", async () => (await storedOf(rack.session)) === 10);
        // Parts that the older build had not loaded yet are still to be had.
        await page.locator(".thumb-bar .button-primary").click();
        await page.locator("dialog video").waitFor();
        await page.keyboard.press("Escape");
        assert.ok(await isSame(page));
        assert.deepEqual(faults, []);
    });
});

describe("a build that is taken back", () => {
    it("opens what the newer one left, and sends all of it", { timeout: 180_000 }, async () => {
        await install(newer);
        const context = await newPhone(browser);
        try {
            const page = await context.newPage();
            await logIn(page, stack, stack.user("staff", 1));
            await isKept(page);
            assert.equal(await buildOf(page), newer);
            const rack = await claim(page, stack.console);
            await stack.stop("nginx");
            const scan = await scanner(page);
            for (let count = 0; count < 500; count++) await scan(rack.codes[count % rack.codes.length], { gap: 1 });
            const shown = () => page.locator(".line-total").allInnerTexts().then((texts) => texts.reduce((sum, text) => sum + Number.parseFloat(text.replace(",", "")), 0));
            await until("500 on the screen", async () => (await shown()) === 500, 60_000);
            // As a later build may leave them: a store more, and members that this one does not know.
            await page.goto(`${stack.console}more`);
            await page.evaluate(async () => {
                const asked = (request) => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }));
                for (const { name, version } of await indexedDB.databases()) {
                    const opening = indexedDB.open(name, version + 1);
                    opening.onupgradeneeded = () => opening.result.createObjectStore("of_a_later_build", { keyPath: "key" });
                    const database = await asked(opening);
                    const rows = database.transaction("records", "readwrite").objectStore("records");
                    for (const row of await asked(rows.getAll())) await asked(rows.put({ ...row, value: { ...row.value, v: 2, later: true } }));
                    database.close();
                }
            });
            await install(older);
            await stack.start("nginx");
            await findUpdate(page);
            await takeUpdate(page);
            await page.goto(stack.console + rack.path);
            await canCount(page);
            assert.equal(await buildOf(page), older);
            await until("500 on the screen again", async () => (await shown()) === 500);
            await until("500 on the server", async () => (await storedOf(rack.session)) === 500, 60_000);
            const left = Object.values(await databases(page)).flatMap(({ queue }) => queue);
            assert.deepEqual(left, []);
        } finally {
            await stack.start("nginx").catch(() => undefined);
            await context.close();
        }
    });
});

describe("a build that is taken while the worker before is busy", () => {
    it("reloads nobody who counts by the time it comes", async () => {
        const context = await newPhone(browser);
        try {
            const page = await context.newPage();
            await logIn(page, stack, stack.user("staff", 2));
            await isKept(page);
            assert.equal(await buildOf(page), older);
            await install(newer);
            await page.goto(`${stack.console}count/over/finish`);
            await findUpdate(page);
            await stack.signal("nginx", "STOP");
            await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).active.postMessage({ kind: "keep", urls: ["/console/assets/slow.js"] }));
            await page.locator(".banner .button").click();
            await page.evaluate((href) => {
                const link = Object.assign(document.createElement("a"), { href });
                document.body.append(link);
                link.click();
                link.remove();
            }, `${stack.console}count/practice`);
            await canCount(page);
            await mark(page);
            await page.evaluate(() => {
                window.hasNewWorker = new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", () => setTimeout(resolve, 1000)));
            });
            await stack.signal("nginx", "CONT");
            await page.evaluate(() => window.hasNewWorker);
            assert.ok(await isSame(page));
            await page.goto(stack.console);
            assert.equal(await buildOf(page), newer);
        } finally {
            await stack.signal("nginx", "CONT");
            await context.close();
        }
    });
});

describe("walls that the server changes", () => {
    it("stand round the page that is opened next, though no file of the build changed", async () => {
        const context = await newPhone(browser);
        try {
            const page = await context.newPage();
            await page.goto(stack.console);
            await isKept(page);
            await stack.changeWalls((conf) => conf.replace("microphone=()", "microphone=(), midi=()"));
            await until("the new header", async () => (await page.reload()).headers()["permissions-policy"].includes("midi=()"));
            assert.equal((await page.reload()).fromServiceWorker(), true);
        } finally {
            await context.close();
        }
    });
});
