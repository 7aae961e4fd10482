// A blind count stays blind: the book quantity, which no hand could guess, is nowhere on a counter's device and in nothing that reaches it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { isKept, launch, logIn, newDesk, newPhone, scanner } from "./lib/browser.mjs";
import { claim, databases, expectTotal, logOut } from "./lib/counter.mjs";
import { pagesOf } from "./lib/pages.mjs";
import { recordsOf, root, startStack, until } from "./lib/stack.mjs";

const book = "7310417.000113";
/** However it is written: with signs between thousands, a comma, or none. */
const shows = (text) => /7[^0-9]?310[^0-9]?417|7310417/.test(text);

let stack, browser, supervisor;
before(async () => {
    stack = await startStack("console-blind");
    const ctl = (...words) => promisify(execFile)(join(root, "build/stockverifyctl"), ["-c", join(stack.directory, "worker.conf"), ...words]);
    const column = (file, name) => {
        const path = join(stack.directory, "demo", file);
        const lines = readFileSync(path, "utf8").trimEnd().split("\n");
        const at = lines[0].split(",").indexOf(name);
        const marked = lines.map((line, index) => (index === 0 ? line : line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).map((value, place) => (place === at ? book : value)).join(",")));
        writeFileSync(path, `${marked.join("\n")}\n`);
        return path;
    };
    await ctl("items", "import", column("items.csv", "stock_qty"));
    await ctl("racks", "expect", column("expected.csv", "book_qty"));
    browser = await launch();
    supervisor = await stack.api(stack.user("supervisor"));
}, { timeout: 120_000 });
after(async () => {
    await browser?.close();
    await stack?.down();
});

/** Everything that reaches a page: what the API answers, and what it says on its console. */
function hear(context) {
    const heard = [];
    const texts = [];
    context.on("response", (answer) => {
        const { pathname } = new URL(answer.url());
        // A stream has no end: it is read below.
        if (pathname.startsWith("/api/") && pathname !== "/api/events") texts.push(answer.text().then((text) => heard.push({ what: pathname, text }), () => undefined));
    });
    context.on("console", (message) => heard.push({ what: "console", text: message.text() }));
    return async () => {
        await Promise.all(texts.splice(0));
        return heard.filter(({ text }) => shows(text)).map(({ what }) => what);
    };
}

/** What the page shows and what the device keeps, as far as a page of it can read. */
async function keptAndShown(page) {
    const found = [];
    const look = (where, text) => shows(text) && found.push(where);
    look("page", await page.content());
    for (const [name, stores] of Object.entries(await databases(page))) for (const [store, rows] of Object.entries(stores)) look(`${name} ${store}`, JSON.stringify(rows));
    const { storages, cached } = await page.evaluate(async () => {
        const texts = [];
        for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const request of await cache.keys()) texts.push([request.url, await (await cache.match(request)).text()]);
        }
        return { storages: JSON.stringify([{ ...localStorage }, { ...sessionStorage }]), cached: texts };
    });
    look("storage", storages);
    for (const [url, text] of cached) {
        look(url, text);
        assert.equal(new URL(url).pathname.startsWith("/api/"), false, `${url} is cached`);
    }
    return found;
}

async function countABit(page, rack) {
    const scan = await scanner(page);
    await scan(rack.codes[0]);
    await scan(rack.codes[0]);
    await scan(rack.codes[1]);
    await expectTotal(page, rack.codes[0], "2 ");
    await expectTotal(page, rack.codes[1], "1 ");
    await until("figures on the server", async () => (await recordsOf(supervisor, rack.session)).length === 2);
}

const counterPages = ["", "racks", "unsent", "conflicts", "history", "settings", "device", "more"];

/** Opens every page a counter has, and says where the book was seen. */
async function walk(page, rack) {
    const found = [];
    const paths = [...counterPages, rack.path, `${rack.path}/item/${encodeURIComponent(rack.codes[0])}`, `${rack.path}/item/${encodeURIComponent(rack.codes[2] ?? rack.codes[1])}`, `${rack.path}/unknown`, `${rack.path}/finish`];
    for (const path of paths) {
        await page.goto(stack.console + path);
        await page.locator(".shell main").waitFor();
        await until("a painted page", () => page.evaluate(() => document.querySelector('[aria-busy="true"]') === null));
        found.push(...(await keptAndShown(page)).map((where) => `${path}: ${where}`));
    }
    return found;
}

/** What a counter hears of events while `work` goes on. */
async function eventsDuring(user, work) {
    const { access_token } = await fetch(`${stack.url}/api/auth/login`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ username: user.username, password: user.password }) }).then((answer) => answer.json()).then(({ data }) => data);
    const end = new AbortController();
    const stream = await fetch(`${stack.url}/api/events?topics=${encodeURIComponent("rack:updates:*,global:notifications")}`, { headers: { Authorization: `Bearer ${access_token}`, Accept: "text/event-stream" }, signal: end.signal });
    assert.equal(stream.status, 200);
    let text = "";
    const reading = (async () => {
        for await (const part of stream.body) text += Buffer.from(part).toString();
    })().catch(() => undefined);
    await work();
    await until("an event", () => /^data:/m.test(text));
    end.abort();
    await reading;
    return text;
}

describe("a count that is made blind after the phone took its list", () => {
    it("leaves nothing on the phone that would tell the book", { timeout: 120_000 }, async () => {
        const context = await newPhone(browser);
        const heard = hear(context);
        const page = await context.newPage();
        await logIn(page, stack, stack.user("staff", 0));
        await isKept(page);
        const rack = await claim(page, stack.console);
        assert.ok((await heard()).some((what) => /items$/.test(what)), "before, the list told the book");
        await countABit(page, rack);
        assert.deepEqual(await keptAndShown(page), []);
        for (const warehouse of new Set((await supervisor("GET", "/api/racks/available?limit=500")).items.map((each) => each.warehouse))) await supervisor("POST", "/api/sessions", { warehouse, name: "blind", blind: true });
        assert.deepEqual(await walk(page, rack), []);
        await context.close();
    });
});

describe("a blind count", () => {
    it("tells the book on no page, in no answer, in no event, and keeps it nowhere", { timeout: 180_000 }, async () => {
        const context = await newPhone(browser);
        const heard = hear(context);
        const page = await context.newPage();
        const events = await eventsDuring(stack.user("staff", 2), async () => {
            await logIn(page, stack, stack.user("staff", 1));
            await isKept(page);
            const rack = await claim(page, stack.console);
            await countABit(page, rack);
            assert.deepEqual(await walk(page, rack), []);
        });
        assert.equal(shows(events), false);
        assert.deepEqual(await heard(), []);
        await context.close();
    });

    it("stays blind on a device that a supervisor had before", { timeout: 240_000 }, async () => {
        const context = await newDesk(browser);
        const heard = hear(context);
        const page = await context.newPage();
        await logIn(page, stack, stack.user("supervisor"));
        await isKept(page);
        for (const path of await pagesOf("supervisor", page, stack)) {
            await page.goto(stack.console + path);
            await page.locator(".shell main").waitFor();
            await until("a painted page", () => page.evaluate(() => document.querySelector('[aria-busy="true"]') === null));
        }
        await logOut(page, stack.console);
        const before = (await heard()).length;
        assert.deepEqual(await keptAndShown(page), []);
        await logIn(page, stack, stack.user("staff", 3));
        const rack = await claim(page, stack.console);
        await countABit(page, rack);
        assert.deepEqual(await walk(page, rack), []);
        assert.equal((await heard()).length, before, "no answer to the counter told it");
        assert.ok(before > 0, "the supervisor was told");
        await context.close();
    });
});
