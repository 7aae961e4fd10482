// How evenly ten thousand rows move.
import { logIn, newDesk } from "../../t/console/lib/browser.mjs";
import { at, slowProcessor } from "./slow.mjs";

const seconds = 6;
/** A wheel turned fast, in pixels a second. */
const speed = 5000;

export async function rowsFigure(browser, stack) {
    const context = await newDesk(browser, { serviceWorkers: "block" });
    const page = await context.newPage();
    await logIn(page, stack, stack.people.admin);
    await page.goto(`${stack.console}counts/${stack.count}/review?state=all&sort=item_code`);
    await page.locator('[aria-rowindex="2"]').waitFor();
    await page.keyboard.press("j");
    const last = page.locator(`[aria-rowindex="${stack.rows + 1}"]`);
    for (const end = Date.now() + 120_000; (await last.count()) === 0; ) {
        if (Date.now() > end) throw new Error("the last row did not come");
        await page.keyboard.press("End");
    }
    await page.keyboard.press("Home");
    await page.locator('[aria-rowindex="2"]').waitFor();
    await slowProcessor(page);
    const { x, y, width, height } = await page.locator(".table-frame").boundingBox();
    await page.evaluate(() => {
        window.frames = [];
        let last = performance.now();
        const frame = (now) => {
            window.frames.push(now - last);
            last = now;
            requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
    });
    const session = await context.newCDPSession(page);
    await session.send("Input.synthesizeScrollGesture", { x: x + width / 2, y: y + Math.min(height, 400) / 2, yDistance: -speed * seconds, speed, gestureSourceType: "mouse" });
    const frames = await page.evaluate(() => window.frames.slice(1));
    await context.close();
    return at(frames, 0.95);
}
