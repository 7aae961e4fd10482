// What a counter hears, feels and sees without looking for it: signals, the camera's lens and light, the lit screen, a figure that the server refused.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { canCount, isKept, launch, logIn, newPhone, picture, scanner, watch } from "./lib/browser.mjs";
import { claim, expectTotal } from "./lib/counter.mjs";
import { recordsOf, startStack, until } from "./lib/stack.mjs";

let stack, browser;
before(async () => {
    stack = await startStack("console-senses");
    browser = await launch({ args: ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] });
});
after(async () => {
    await browser?.close();
    await stack?.down();
});

/** A phone of a counter that writes down what it does to a person. */
async function sensing(user, more = () => undefined) {
    const context = await newPhone(browser, { permissions: ["camera"] });
    const page = await context.newPage();
    const faults = await watch(page);
    await page.addInitScript(() => {
        window.felt = [];
        navigator.vibrate = (pattern) => window.felt.push(JSON.stringify(pattern));
        window.lit = 0;
        if (navigator.wakeLock !== undefined)
            navigator.wakeLock.request = async () => {
                window.lit += 1;
                return { release: async () => void (window.lit -= 1) };
            };
    });
    await page.addInitScript(more);
    await logIn(page, stack, user);
    await isKept(page);
    return { context, page, faults };
}

describe("a counter's phone", () => {
    let context, page, faults, rack, scan;
    before(async () => {
        ({ context, page, faults } = await sensing(stack.user("staff", 0)));
        rack = await claim(page, stack.console);
        scan = await scanner(page);
    });
    after(() => context.close());
    const felt = async () => page.evaluate(() => window.felt.splice(0));

    it("tells a good scan, an unknown one and a step back apart without being looked at", async () => {
        const [code] = rack.codes;
        await felt();
        await scan(code, { end: "\t" });
        await expectTotal(page, code, "1 ");
        const good = await felt();
        await scan("WW1-STRANGE");
        await page.locator(".last", { hasText: "WW1-STRANGE" }).waitFor();
        const unknown = await felt();
        await page.locator(".thumb-bar .button").first().click();
        await page.locator(".last", { hasText: "Taken back" }).waitFor();
        const back = await felt();
        assert.deepEqual([good.length, unknown.length, back.length], [1, 1, 1]);
        assert.equal(new Set([...good, ...unknown, ...back]).size, 3);
    });

    it("brings up no keyboard before a tap asks for one, and keeps its screen lit", async () => {
        const focused = () => page.evaluate(() => ({ mode: document.activeElement?.inputMode ?? "", isField: document.activeElement instanceof HTMLInputElement }));
        const onRack = await focused();
        assert.ok(!onRack.isField || onRack.mode === "none", JSON.stringify(onRack));
        assert.equal(await page.evaluate(() => window.lit), 1);
        await page.goto(`${stack.console}${rack.path}/item/${encodeURIComponent(rack.codes[1])}`);
        await page.locator("#quantity").waitFor();
        const onItem = await focused();
        assert.ok(!onItem.isField || onItem.mode === "none", JSON.stringify(onItem));
        await page.locator("#quantity").tap();
        assert.equal((await focused()).mode, "none");
    });

    it("moves aside what the server refuses, with its reason and a page to repair it, and sends the rest", async () => {
        const [, , bad, good] = rack.codes;
        // The operator allowed it when the phone asked last.
        await page.route(/\/api\/config$/, async (route) => {
            const { "if-none-match": _, ...headers } = route.request().headers();
            const answer = await route.fetch({ headers });
            const body = await answer.json();
            await route.fulfill({ response: answer, json: { ...body, data: { ...body.data, damage_bound: false } } });
        });
        await page.goto(stack.console);
        await page.reload();
        await page.locator(".rack-card").waitFor();
        await page.goto(`${stack.console}${rack.path}/item/${encodeURIComponent(bad)}`);
        await page.locator(".keypad .pin-key", { hasText: "1" }).click();
        await page.locator("summary").first().click();
        await page.getByLabel("Damaged, can be returned").fill("3");
        await page.locator("form button[type=submit]").click();
        await canCount(page);
        await scan(good);
        await expectTotal(page, good, "1 ");
        const supervisor = await stack.api(stack.user("supervisor"));
        const stored = async (code) => (await recordsOf(supervisor, rack.session)).find((record) => record.item_code === code);
        await until("the good one stored", () => stored(good));
        await page.locator(".count-line", { hasText: bad }).locator(".line-refused").waitFor();
        await page.goto(`${stack.console}unsent`);
        const row = page.locator(".refused");
        await row.getByText("More is damaged than was counted.").waitFor();
        await picture(page, "counter-refused");
        await row.locator("a").click();
        await page.locator("main .banner.tone-bad").waitFor();
        await page.getByLabel("Damaged, can be returned").fill("1");
        await page.locator("form button[type=submit]").click();
        await until("the repaired one stored", async () => (await stored(bad))?.damage_qty === 1);
        await page.goto(`${stack.console}unsent`);
        await page.locator("main", { hasText: "Everything is safe on the server" }).waitFor();
        assert.equal(await row.count(), 0);
        assert.deepEqual(faults.filter((fault) => !/^404: .*barcode/.test(fault)), []);
    });
});

/** Two lenses that look away from the person: the first is the ultra-wide one, as many phones offer it. */
const lenses = () => {
    const named = { wide: "Back Ultra Wide Camera", main: "Back Camera" };
    window.opened = [];
    window.light = [];
    const { mediaDevices } = navigator;
    const open = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.enumerateDevices = async () => Object.entries(named).map(([deviceId, label]) => ({ kind: "videoinput", deviceId, label, groupId: "" }));
    mediaDevices.getUserMedia = async ({ video }) => {
        const id = video.deviceId?.exact ?? "wide";
        const stream = await open({ video: true });
        const [track] = stream.getVideoTracks();
        window.opened.push({ id, track });
        Object.defineProperty(track, "label", { value: named[id] });
        track.getSettings = () => ({ deviceId: id });
        track.getCapabilities = () => ({ torch: true });
        track.applyConstraints = async ({ advanced }) => void window.light.push(advanced[0].torch);
        return stream;
    };
};

describe("a phone's camera", () => {
    let context, page;
    before(async () => {
        ({ context, page } = await sensing(stack.user("staff", 1), lenses));
        await page.goto(`${stack.console}count/practice`);
    });
    after(() => context.close());
    const opened = () => page.evaluate(() => window.opened.map(({ id, track }) => [id, track.readyState]));
    const openCamera = () => page.locator(".thumb-bar .button-primary").click();

    it("is never the ultra-wide one, and is remembered", async () => {
        await openCamera();
        await until("the other lens", async () => (await opened()).some(([id, state]) => id === "main" && state === "live"));
        assert.deepEqual(await opened(), [["wide", "ended"], ["main", "live"]]);
        await page.reload();
        await openCamera();
        await until("a lens", async () => (await opened()).length > 0);
        assert.deepEqual((await opened()).map(([id]) => id), ["main"]);
    });

    it("has a light that is off at first", async () => {
        const light = page.locator("dialog").getByRole("button", { name: "Light" });
        assert.equal(await light.getAttribute("aria-pressed"), "false");
        assert.deepEqual(await page.evaluate(() => window.light), []);
        await light.click();
        await until("light", async () => (await page.evaluate(() => window.light)).at(-1) === true);
    });

    it("is opened anew when the page comes back, and ends when it is closed", async () => {
        const turn = (state) =>
            page.evaluate((state) => {
                Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
                document.dispatchEvent(new Event("visibilitychange"));
            }, state);
        await turn("hidden");
        assert.deepEqual((await opened()).map(([, state]) => state), ["ended"]);
        await turn("visible");
        await until("a new stream", async () => (await opened()).length === 2);
        await until("that it is live", async () => (await opened())[1][1] === "live");
        await page.keyboard.press("Escape");
        await until("its end", async () => (await opened()).every(([, state]) => state === "ended"));
    });
});

describe("a newcomer", () => {
    it("is shown what to do in four steps, or skips them, and never again", async () => {
        const context = await newPhone(browser);
        const page = await context.newPage();
        const { username, password } = stack.user("staff", 2);
        await page.goto(stack.console);
        await page.locator("[name=username]").fill(username);
        await page.locator("[name=password]").fill(password);
        await page.locator("form button[type=submit]").click();
        const tour = page.locator("dialog");
        for (const step of ["Take a rack", "Scan what is there", "No network? Go on"]) {
            await tour.getByRole("heading", { name: step }).waitFor();
            await tour.getByRole("button", { name: "Next" }).click();
        }
        await tour.getByRole("heading", { name: "Finish" }).waitFor();
        await tour.getByRole("button", { name: "Skip" }).click();
        await tour.waitFor({ state: "detached" });
        await page.reload();
        await page.locator(".next-rack, .empty").first().waitFor();
        assert.equal(await tour.count(), 0);
        await context.close();
    });

    it("practises without consequence: nothing of it is sent", async () => {
        const { context, page } = await sensing(stack.user("staff", 3));
        const sent = [];
        await page.goto(`${stack.console}practice`);
        await page.locator("main .button-primary").click();
        await canCount(page);
        page.on("request", (request) => request.method() !== "GET" && !/heartbeat|refresh/.test(request.url()) && sent.push(request.url()));
        const scan = await scanner(page);
        await scan("5901234123457");
        await scan("5901234123457");
        await expectTotal(page, "DEMO-1", "2 ");
        await page.goto(`${stack.console}count/practice/finish`);
        await page.locator("main .button-large").click();
        await page.waitForURL((url) => !url.pathname.includes("/count/"));
        await page.goto(`${stack.console}unsent`);
        await page.locator("main", { hasText: "Everything is safe on the server" }).waitFor();
        assert.deepEqual(sent, []);
        await context.close();
    });
});
