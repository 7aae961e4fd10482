// One device, several people and several tabs: nobody sends another's figures, a logout without network stays one, and tabs share one login and one
// sending. And an answer that is lost costs nothing.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { canCount, isKept, launch, logIn, newPhone, scanner } from "./lib/browser.mjs";
import { claim, databases, expectTotal, logOut } from "./lib/counter.mjs";
import { recordsOf, startStack, until } from "./lib/stack.mjs";
import { losingProxy } from "./proxy.mjs";

let stack, browser, supervisor;
before(async () => {
    stack = await startStack("console-device");
    browser = await launch();
    supervisor = await stack.api(stack.user("supervisor"));
});
after(async () => {
    await browser?.close();
    await stack?.down();
});

const quantities = (records) => records.filter(({ status }) => status !== "void").map(({ verified_qty }) => verified_qty);
const storedOf = async (session) => quantities(await recordsOf(supervisor, session));

/** Calls of the API that a context's pages make: method, path and body. */
function listen(context) {
    const calls = [];
    context.on("request", (request) => {
        const { pathname } = new URL(request.url());
        if (!pathname.startsWith("/api/")) return;
        const body = request.postDataBuffer() ?? Buffer.alloc(0);
        calls.push({ what: `${request.method()} ${pathname}`, body: (request.headers()["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString() });
    });
    return (what) => calls.filter((call) => what.test(call.what));
}

const goOnline = (page) => page.evaluate(() => dispatchEvent(new Event("online")));

describe("a device that two people share", () => {
    let proxy, at, context, page, asked, asha, ben, first;
    before(async () => {
        proxy = await losingProxy(stack.url, { loses: /^$/ });
        at = { url: proxy.url, console: `${proxy.url}/console/` };
        [asha, ben] = [stack.user("staff", 0), stack.user("staff", 1)];
        context = await newPhone(browser);
        asked = listen(context);
        page = await context.newPage();
    });
    after(async () => {
        await context.close();
        proxy.close();
    });

    it("keeps what the first counted without network when she logs out, and lets nobody go on as her", async () => {
        await logIn(page, at, asha);
        await isKept(page);
        first = await claim(page, at.console);
        proxy.down = true;
        const scan = await scanner(page);
        for (let count = 0; count < 5; count++) await scan(first.codes[count % 2]);
        await expectTotal(page, first.codes[0], "3 ");
        await expectTotal(page, first.codes[1], "2 ");
        await logOut(page, at.console);
        await page.reload();
        await page.locator(".login [name=password]").waitFor();
        assert.equal(await page.locator(".login .card .button-primary").count(), 0, "nobody is offered to go on");
        const { "stockverify-device": device } = await databases(page);
        assert.ok(device.state.some(({ key }) => key === "logout_pending"));
    });

    it("tells the server of that logout before anything else, once there is a network", async () => {
        proxy.down = false;
        const before = asked(/./).length;
        await goOnline(page);
        await until("a logout that is told", async () => !(await databases(page))["stockverify-device"].state.some(({ key }) => key === "logout_pending"));
        const calls = asked(/auth|sync|racks|sessions/).slice(-2).map(({ what }) => what);
        assert.ok(asked(/./).length > before);
        assert.deepEqual(calls, ["POST /api/auth/refresh", "POST /api/auth/logout"]);
        assert.deepEqual((await context.cookies()).map(({ name }) => name), [], "the browser has no login any more");
        assert.deepEqual(await storedOf(first.session), [], "and nothing was sent on the way");
    });

    it("sends nothing of hers while another works, and shows him nothing of it", async () => {
        const before = asked(/sync/).length;
        await logIn(page, at, ben);
        const mine = await claim(page, at.console);
        assert.notEqual(mine.session, first.session);
        const scan = await scanner(page);
        await scan(mine.codes[0]);
        await scan(mine.codes[0]);
        await expectTotal(page, mine.codes[0], "2 ");
        await until("ben's figure on the server", async () => (await storedOf(mine.session)).join() === "2");
        await page.goto(at.console);
        await page.locator(".rack-card").waitFor();
        assert.equal(await page.locator(".rack-card").count(), 1);
        await page.goto(`${at.console}unsent`);
        await page.waitForFunction(() => document.body.innerText.includes("Everything is safe"));
        for (const { body } of asked(/sync/).slice(before)) assert.equal(body.includes(first.session), false);
        assert.deepEqual(await storedOf(first.session), []);
        await logOut(page, at.console);
    });

    it("sends all of hers when she is back, once", async () => {
        await logIn(page, at, asha);
        await until("asha's figures on the server", async () => (await storedOf(first.session)).sort().join() === "2,3");
        await page.goto(`${at.console}${first.path}`);
        await expectTotal(page, first.codes[0], "3 ");
    });
});

describe("two tabs of one person", () => {
    let context, asked, one, two, rack;
    before(async () => {
        context = await newPhone(browser);
        // A calendar that the test sets forward: a token is old as soon as the calendar says so.
        await context.addInitScript(() => {
            const now = Date.now.bind(Date);
            Date.now = () => now() + (window.later ?? 0);
        });
        asked = listen(context);
        one = await context.newPage();
        await logIn(one, stack, stack.user("staff", 2));
        await isKept(one);
        rack = await claim(one, stack.console);
        two = await context.newPage();
    });
    after(() => context.close());

    it("share what the first has", async () => {
        const before = asked(/auth\/refresh/).length;
        await two.goto(stack.console + rack.path);
        await canCount(two);
        assert.equal(asked(/auth\/refresh/).length, before);
    });

    it("send each figure once", async () => {
        const [scanOne, scanTwo] = [await scanner(one), await scanner(two)];
        for (let count = 0; count < 10; count++) {
            await scanOne(rack.codes[0]);
            await scanTwo(rack.codes[1]);
        }
        await expectTotal(one, rack.codes[0], "10 ");
        await expectTotal(two, rack.codes[1], "10 ");
        await until("both figures on the server", async () => (await storedOf(rack.session)).join() === "10,10");
        const sent = asked(/sync\/batch/).flatMap(({ body }) => JSON.parse(body).records.map((record) => `${record.client_record_id} ${record.revision}`));
        assert.equal(new Set(sent).size, sent.length);
    });

    it("renew an old token once", async () => {
        const before = asked(/auth\/refresh/).length;
        const home = asked(/api\/home/).length;
        for (const page of [one, two]) await page.evaluate(() => (window.later = 14.5 * 60_000));
        await Promise.all([one, two].map((page) => page.locator("header a, .page-head a").first().click()));
        await until("both tabs at home", () => asked(/api\/home/).length >= home + 2);
        assert.equal(asked(/auth\/refresh/).length, before + 1);
    });
});

describe("a browser that keeps nothing", () => {
    it("says so at once, and lets nobody count", async () => {
        const context = await newPhone(browser);
        try {
            const page = await context.newPage();
            await page.addInitScript(() => Object.defineProperty(globalThis, "indexedDB", { value: undefined }));
            await page.goto(stack.console);
            await page.getByText("keeps nothing").first().waitFor();
            assert.equal(await page.locator("[name=password]").count(), 0);
        } finally {
            await context.close();
        }
    });
});

describe("a tab that the system put to sleep while it was sending", () => {
    it("holds up no other: what is counted there arrives", { timeout: 300_000 }, async () => {
        const context = await newPhone(browser);
        try {
            const sleeper = await context.newPage();
            await logIn(sleeper, stack, stack.user("staff", 2));
            await isKept(sleeper);
            const user = Object.keys(await databases(sleeper)).find((name) => name.startsWith("stockverify-user-")).slice("stockverify-user-".length);
            await sleeper.evaluate((name) => new Promise((taken) => void navigator.locks.request(name, () => new Promise(() => taken()))), `stockverify-sync-${user}`);
            await (await context.newCDPSession(sleeper)).send("Page.setWebLifecycleState", { state: "frozen" });
            const page = await context.newPage();
            const rack = await claim(page, stack.console);
            const scan = await scanner(page);
            for (let count = 0; count < 3; count++) await scan(rack.codes[0]);
            await expectTotal(page, rack.codes[0], "3 ");
            await until("3 on the server", async () => (await storedOf(rack.session)).reduce((all, each) => all + each, 0) === 3, 240_000);
        } finally {
            await context.close();
        }
    });
});

describe("a phone that is busy", () => {
    it("takes a code whose second half it hears late for one code", { timeout: 300_000 }, async () => {
        const context = await newPhone(browser);
        try {
            const page = await context.newPage();
            await logIn(page, stack, stack.user("staff", 4));
            await isKept(page);
            const rack = await claim(page, stack.console);
            const scan = await scanner(page);
            await scan(rack.codes[0], { gap: 1, heldUp: 300 });
            await expectTotal(page, rack.codes[0], "1 ");
            await scan(rack.codes[1], { gap: 1, end: "" });
            await expectTotal(page, rack.codes[1], "1 ");
            await scan(rack.codes[1], { gap: 1 });
            await expectTotal(page, rack.codes[1], "2 ");
            await scan(rack.codes[0], { gap: 1, heldUp: 300 });
            await expectTotal(page, rack.codes[0], "2 ");
        } finally {
            await context.close();
        }
    });
});

describe("answers that are lost on the way", () => {
    it("cost nothing: five hundred scans are five hundred on the server", { timeout: 600_000 }, async () => {
        const proxy = await losingProxy(stack.url, { loses: /^POST \/api\/sync\/batch/ });
        const address = `${proxy.url}/console/`;
        const context = await newPhone(browser);
        try {
            const page = await context.newPage();
            await logIn(page, { console: address }, stack.user("staff", 3));
            await isKept(page);
            const rack = await claim(page, address);
            const scan = await scanner(page);
            for (let count = 0; count < 500; count++) await scan(rack.codes[count % rack.codes.length], { gap: 1 });
            const least = Math.floor(500 / rack.codes.length);
            for (const [index, code] of rack.codes.entries()) await expectTotal(page, code, `${least + (index < 500 % rack.codes.length ? 1 : 0)} `, 120_000);
            // A slow machine loses some answers more, and waits longer after each: a tap waits for nothing.
            await page.goto(`${address}unsent`);
            const send = page.locator("main .button-primary");
            const sum = async () => (await storedOf(rack.session)).reduce((all, each) => all + each, 0);
            await until("a phone that says so", async () => {
                await send.click({ timeout: 200 }).catch(() => undefined);
                return (await page.locator("main").innerText()).includes("Everything is safe") && (await sum()) >= 500;
            }, 300_000);
            assert.equal(await sum(), 500);
            assert.ok(proxy.lost > 1, `${proxy.lost} answers were lost`);
        } finally {
            await context.close();
            proxy.close();
        }
    });
});
