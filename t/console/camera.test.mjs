// The camera reads what a counter holds before it: each kind of symbol, once as long as it is held, and nothing on blank paper.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isKept, launch, logIn, newPhone, watch } from "./lib/browser.mjs";
import { expectTotal } from "./lib/counter.mjs";
import { film } from "./lib/frames.mjs";
import { startStack, until } from "./lib/stack.mjs";

let stack, folder;
before(async () => {
    folder = mkdtempSync(join(process.env.STOCKVERIFY_TEST_RUNS ?? tmpdir(), "console-films-"));
    stack = await startStack("console-camera");
});
after(async () => {
    await stack?.down();
    rmSync(folder, { recursive: true, force: true });
});

/** A phone whose camera sees the picture, with the practice rack open and its camera on. */
async function beforeTheCamera(name, options) {
    const path = join(folder, `${name}.y4m`);
    film(path, options);
    const browser = await launch({ args: ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${path}`] });
    const page = await (await newPhone(browser, { permissions: ["camera"] })).newPage();
    const faults = await watch(page);
    // How many pictures the reader answered, whatever it found; and the camera's tracks.
    await page.addInitScript(() => {
        window.read = 0;
        const { Worker } = window;
        window.Worker = class extends Worker {
            constructor(...words) {
                super(...words);
                this.addEventListener("message", ({ data }) => (window.read += data.kind === "read" ? 1 : 0));
            }
        };
        window.tracks = [];
        const { mediaDevices } = navigator;
        const open = mediaDevices.getUserMedia.bind(mediaDevices);
        mediaDevices.getUserMedia = async (wanted) => {
            const stream = await open(wanted);
            window.tracks.push(...stream.getTracks());
            return stream;
        };
    });
    await logIn(page, stack, stack.user("staff"));
    await isKept(page);
    await page.goto(`${stack.console}count/practice`);
    await page.locator(".thumb-bar .button-primary").click();
    return { browser, page, faults, pictures: (count) => until(`${count} pictures read`, () => page.evaluate((count) => window.read >= count, count), 60_000) };
}

const symbols = [
    { name: "EAN-13", options: { bcid: "ean13", text: "5901234123457" }, code: "DEMO-1", total: "1 " },
    { name: "Code 128", options: { bcid: "code128", text: "DEMO-1" }, code: "DEMO-1", total: "1 " },
    { name: "QR", options: { bcid: "qrcode", text: "5901234123457" }, code: "DEMO-1", total: "1 " },
    { name: "GS1 DataMatrix", options: { bcid: "gs1datamatrix", text: "(01)07350053850019(10)LOT-7(17)271231" }, code: "DEMO-4", total: "1 ", lot: "LOT-7" },
    { name: "the box's ITF-14", options: { bcid: "itf14", text: "14006381333938" }, code: "DEMO-2", total: "12 " },
];

describe("what stands before the camera", () => {
    for (const { name, options, code, total, lot } of symbols) {
        it(`${name} is counted once, however long it is held`, { timeout: 120_000 }, async () => {
            const { browser, page, faults, pictures } = await beforeTheCamera(name.replace(/\W/g, ""), options);
            try {
                await page.locator("dialog .last-total").waitFor();
                await page.locator(".camera-held").waitFor();
                await pictures((await page.evaluate(() => window.read)) + 30);
                await page.locator("dialog .dialog-head .button").click();
                await expectTotal(page, code, total);
                if (lot !== undefined) assert.match(await page.locator(".count-line", { hasText: code }).innerText(), new RegExp(lot));
                assert.equal(await page.locator(".count-line").count(), 1);
                assert.deepEqual(await page.evaluate(() => window.tracks.map(({ readyState }) => readyState)), ["ended"], "no light stays on");
                assert.deepEqual(faults, []);
            } finally {
                await browser.close();
            }
        });
    }

    it("blank paper is nothing", { timeout: 120_000 }, async () => {
        const { browser, page, faults, pictures } = await beforeTheCamera("blank", null);
        try {
            await pictures(30);
            assert.equal(await page.locator("dialog .last-total").count(), 0);
            assert.equal(await page.locator(".camera-held").count(), 0);
            await page.locator("dialog .dialog-head .button").click();
            assert.equal(await page.locator(".count-line").count(), 0);
            assert.deepEqual(faults, []);
        } finally {
            await browser.close();
        }
    });
});
