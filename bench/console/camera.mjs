// How soon the camera reads what is held before it.
import { join } from "node:path";
import { isKept, launch, logIn, newPhone } from "../../t/console/lib/browser.mjs";
import { film } from "../../t/console/lib/frames.mjs";

const symbols = {
    ean13: { bcid: "ean13", text: "5901234123457" },
    code128: { bcid: "code128", text: "DEMO-1" },
    qrcode: { bcid: "qrcode", text: "5901234123457" },
    gs1datamatrix: { bcid: "gs1datamatrix", text: "(01)07350053850019(10)LOT-7(17)271231" },
};

/** Notes the camera's first frame and the first total that is told after it. */
function watchCamera() {
    window.camera = { first: null, told: null };
    document.addEventListener("loadeddata", () => (window.camera.first ??= performance.now()), { capture: true });
    new MutationObserver(() => {
        if (window.camera.first !== null && document.querySelector("dialog .last-total") !== null) window.camera.told ??= performance.now();
    }).observe(document, { subtree: true, childList: true });
}

async function rounds(symbol, stack) {
    const path = join(stack.folder, `${symbol}.y4m`);
    film(path, symbols[symbol]);
    const browser = await launch({ args: ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${path}`] });
    const page = await (await newPhone(browser, { permissions: ["camera"] })).newPage();
    await page.addInitScript(watchCamera);
    await logIn(page, stack, stack.people.staff);
    await isKept(page);
    const took = [];
    for (let round = 0; round < stack.rounds; round++) {
        await page.goto(`${stack.console}count/practice`);
        await page.locator(".thumb-bar .button-primary").click();
        await page.waitForFunction(() => window.camera.told !== null, null, { timeout: 60_000 });
        took.push(await page.evaluate(() => window.camera.told - window.camera.first));
    }
    await browser.close();
    return took;
}

/** By symbol, what each round took. */
export async function cameraFigures(stack) {
    const figures = {};
    for (const symbol of Object.keys(symbols)) figures[symbol] = await rounds(symbol, stack);
    return figures;
}
