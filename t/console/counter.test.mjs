// A counter's day on the real stack: claim, scan, count by hand, lose the network, go on, come back, finish; and the phone that dies.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { canCount, isKept, launch, launchProfile, logIn, newDesk, newPhone, picture, scanner, watch } from "./lib/browser.mjs";
import { claim, expectTotal } from "./lib/counter.mjs";
import { recordsOf, startStack, until } from "./lib/stack.mjs";

let stack, browser;
before(async () => {
    stack = await startStack("console-counter");
    browser = await launch();
});
after(async () => {
    await browser?.close();
    await stack?.down();
});

describe("the counter's main job", () => {
    let page, faults, scan, rack;
    before(async () => {
        page = await (await newPhone(browser)).newPage();
        faults = await watch(page);
        await logIn(page, stack, stack.user("staff", 0));
        await isKept(page);
        rack = await claim(page, stack.console);
        scan = await scanner(page);
    });
    after(async () => {
        await page.context().close();
        await stack.start("nginx").catch(() => undefined);
    });

    it("fifty scans are exactly fifty, however fast the scanner is", async () => {
        const [code] = rack.codes;
        for (let count = 0; count < 50; count++) await scan(code, { gap: [0, 5, 20][count % 3] });
        await expectTotal(page, code, "50 ");
    });

    it("text committed without keys counts, too", async () => {
        const [, code] = rack.codes;
        for (let count = 0; count < 10; count++) {
            await page.keyboard.insertText(count % 2 === 0 ? `${code}\n` : code);
            await new Promise((resolve) => setTimeout(resolve, 80));
        }
        await expectTotal(page, code, "10 ");
    });

    it("no scan lands in a focused quantity: it counts, and what was typed stays", async () => {
        const [first, , third] = rack.codes;
        await page.locator(".segment >> nth=1").click();
        await page.locator(".count-line", { hasText: third }).locator("a").click();
        const quantity = page.locator("#quantity");
        await quantity.focus();
        await page.keyboard.type("7", { delay: 100 });
        await scan(first);
        await page.locator(".thumb-bar-one").waitFor({ state: "detached" });
        await page.locator(".segment >> nth=0").click();
        await expectTotal(page, first, "51 ");
        await page.goto(`${stack.console}count/${encodeURIComponent(rack.session)}/item/${encodeURIComponent(third)}`);
        assert.equal(await quantity.inputValue(), "7");
        await picture(page, "counter-item");
        await page.locator("form button[type=submit]").click();
        await expectTotal(page, third, "7 ");
        await picture(page, "counter-count");
    });

    it("takes the last step back with one tap", async () => {
        const [first] = rack.codes;
        await scan(first);
        await expectTotal(page, first, "52 ");
        await page.locator(".thumb-bar .button").first().click();
        await expectTotal(page, first, "51 ");
    });

    it("goes on without network, over a reload of every page, and sends everything once", async () => {
        const [first, , , fourth] = rack.codes;
        await stack.stop("nginx");
        const count = `count/${encodeURIComponent(rack.session)}`;
        for (const path of ["", "racks", "unsent", "conflicts", "history", "settings", "device", "practice", "more", `${count}/finish`, `${count}/unknown`, `${count}/item/${encodeURIComponent(fourth)}`, count]) {
            await page.goto(stack.console + path);
            await page.locator(".shell main").waitFor();
        }
        await canCount(page);
        await scan(fourth);
        await scan(fourth);
        await expectTotal(page, fourth, "2 ");
        await page.reload();
        await expectTotal(page, fourth, "2 ");
        await page.goto(`${stack.console}unsent`);
        await page.locator("main", { hasText: "No network" }).waitFor();
        await picture(page, "counter-offline");
        await stack.start("nginx");
        await page.goto(`${stack.console}unsent`);
        const send = page.locator("main .button-primary");
        await until("everything sent", async () => {
            await send.click({ timeout: 500 }).catch(() => undefined);
            return (await page.locator("main").innerText()).includes("Everything is safe");
        });
        const figures = (await recordsOf(await stack.api(stack.user("supervisor")), rack.session)).filter((record) => record.status !== "void");
        const of = (code) => figures.filter((record) => record.item_code === code).map((record) => record.verified_qty);
        assert.deepEqual([of(first), of(fourth)], [[51], [2]]);
    });

    it("finishes the rack, and the server says so", async () => {
        await page.goto(`${stack.console}count/${encodeURIComponent(rack.session)}/finish`);
        await page.locator("main .button-primary").waitFor();
        await picture(page, "counter-finish");
        await page.locator("main .button-primary").click();
        await page.locator("dialog .button-primary").click();
        const call = await stack.api(stack.user("supervisor"));
        await until("a completed session", async () => (await call("GET", `/api/sessions/${rack.session}`)).status === "completed");
        await page.locator("main .empty").waitFor();
        // Stopping nginx fails requests: everything else must have been quiet.
        assert.deepEqual(faults.filter((fault) => !/ERR_CONNECTION_REFUSED|ERR_FAILED|ERR_EMPTY_RESPONSE/.test(fault)), []);
    });
});

describe("a phone that dies", () => {
    it("has every one of five hundred scans when it comes back, and sends each once", { timeout: 300_000 }, async () => {
        const folder = mkdtempSync(join(tmpdir(), "console-profile-"));
        let phone = await launchProfile(folder);
        try {
            const user = stack.user("staff", 1);
            let page = await phone.context.newPage();
            await logIn(page, stack, user);
            await isKept(page);
            const rack = await claim(page, stack.console);
            await stack.stop("nginx");
            let scan = await scanner(page);
            for (let count = 0; count < 500; count++) await scan(rack.codes[count % rack.codes.length], { gap: 1 });
            const shown = () => page.locator(".line-total").allInnerTexts().then((texts) => texts.reduce((sum, text) => sum + Number.parseFloat(text.replace(",", "")), 0));
            await until("500 on the screen", async () => (await shown()) === 500, 60_000);
            await phone.kill();

            phone = await launchProfile(folder);
            page = await phone.context.newPage();
            await page.addInitScript(() => localStorage.setItem("sv.preferences", JSON.stringify({ toured: true })));
            await page.goto(stack.console);
            await page.locator(".login-box .card .button-primary").click();
            await page.locator(".rack-card").click();
            await until("500 on the screen again", async () => (await shown()) === 500);

            await stack.start("nginx");
            await page.reload();
            // A browser that dies may not have written its newest cookie down: then a login is asked for, and nothing is lost.
            const password = page.locator("[name=password]");
            await password.or(page.locator(".thumb-bar")).first().waitFor();
            if (await password.isVisible()) {
                if ((await page.locator("[name=username]").inputValue()) === "") await page.locator("[name=username]").fill(user.username);
                await password.fill(user.password);
                await page.locator("form button[type=submit]").click();
            }
            const call = await stack.api(stack.user("supervisor"));
            const sum = (records) => records.filter((record) => record.status !== "void").reduce((all, record) => all + record.verified_qty, 0);
            await until("500 on the server", async () => sum(await recordsOf(call, rack.session)) === 500, 60_000);
        } finally {
            await phone.kill().catch(() => undefined);
            rmSync(folder, { recursive: true, force: true });
        }
    });
});

describe("a phone that can't send", () => {
    it("hands over a file, which a supervisor takes: what it counted waits for a decision", async () => {
        const phone = await newPhone(browser, { acceptDownloads: true });
        const desk = await newDesk(browser);
        try {
            const page = await phone.newPage();
            await logIn(page, stack, stack.user("staff", 2));
            await isKept(page);
            const rack = await claim(page, stack.console);
            const [code] = rack.codes;
            await stack.stop("nginx");
            const scan = await scanner(page);
            await scan(code);
            await expectTotal(page, code, "1 ");
            await page.goto(`${stack.console}unsent`);
            const saved = page.waitForEvent("download");
            await page.getByRole("button", { name: "Save as a file" }).click();
            const buffer = readFileSync(await (await saved).path());
            await phone.close();
            await stack.start("nginx");

            const office = await desk.newPage();
            const boss = stack.user("supervisor");
            await logIn(office, stack, boss);
            await office.goto(`${stack.console}more`);
            const input = office.locator("main input[type=file]");
            await input.setInputFiles({ name: "other.json", mimeType: "application/json", buffer: Buffer.from("{}") });
            await office.locator("main .banner.tone-bad").waitFor();
            await input.setInputFiles({ name: "unsent.json", mimeType: "application/json", buffer });
            await office.locator("main .banner.tone-ok").waitFor();
            const { items } = await (await stack.api(boss))("GET", "/api/sync/conflicts?status=open");
            assert.deepEqual(items.filter(({ type }) => type === "rescued").map(({ item_code }) => item_code), [code]);
        } finally {
            await stack.start("nginx").catch(() => undefined);
            await phone.close().catch(() => undefined);
            await desk.close();
        }
    });
});
