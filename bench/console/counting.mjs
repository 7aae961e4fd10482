// How soon a counter's page answers fingers, keys and scanners.
import { canCount, isKept, logIn, newPhone, scanner } from "../../t/console/lib/browser.mjs";
import { expectTotal } from "../../t/console/lib/counter.mjs";
import { at, slowProcessor } from "./slow.mjs";

const inputs = 200;
/** Of Event Timing: what took less is not told. */
const shortest = 16;
const scans = 20;

/** The practice rack: it counts as any rack does, and needs none that is free. */
async function practice(browser, stack) {
    const context = await newPhone(browser);
    const page = await context.newPage();
    await logIn(page, stack, stack.people.staff);
    await isKept(page);
    await page.goto(`${stack.console}count/practice`);
    await canCount(page);
    return page;
}

/** Each input's slowest event, by what Event Timing calls one interaction. */
function hearInputs() {
    window.interactions = new Map();
    new PerformanceObserver((list) => {
        for (const { interactionId, duration } of list.getEntries()) if (interactionId > 0) window.interactions.set(interactionId, Math.max(duration, window.interactions.get(interactionId) ?? 0));
    }).observe({ type: "event", durationThreshold: 16, buffered: true });
}

export async function inputFigure(browser, stack) {
    const page = await practice(browser, stack);
    await page.evaluate(hearInputs);
    await slowProcessor(page);
    const { keyboard } = page;
    const segment = (index) => page.locator(".segment").nth(index).tap();
    const turn = [
        () => segment(1),
        () => page.locator(".count-line a").first().tap(),
        () => page.locator(".keypad button").nth(0).tap(),
        () => page.locator(".keypad button").nth(1).tap(),
        () => page.locator("form button[type=submit]").tap(),
        () => segment(0),
        () => page.locator(".thumb-bar .button").nth(1).tap(),
        () => keyboard.press("d"),
        () => keyboard.press("e"),
        () => keyboard.press("Escape"),
        () => page.locator(".thumb-bar .button").first().tap(),
    ];
    for (let input = 0; input < inputs; input++) {
        await turn[input % turn.length]();
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
    }
    const slow = await page.evaluate(() => [...window.interactions.values()]);
    await page.context().close();
    return at([...Array(Math.max(0, inputs - slow.length)).fill(shortest), ...slow], 0.98);
}

/** Notes when Enter came, and when the count's list was painted after it. */
function hearScans() {
    window.scans = [];
    let entered = null;
    addEventListener("keydown", (event) => event.key === "Enter" && (entered = event.timeStamp), { capture: true });
    new MutationObserver(() => {
        if (entered === null || document.querySelector(".count-line .line-total") === null) return;
        const from = entered;
        entered = null;
        requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => window.scans.push(performance.now() - from);
            port2.postMessage(null);
        });
    }).observe(document.querySelector(".count"), { subtree: true, childList: true, characterData: true });
}

export async function wedgeFigure(browser, stack) {
    const page = await practice(browser, stack);
    // A time that is told may be one that is still to come: what is measured begins when the key is there.
    const scan = await scanner(page, { timed: false });
    await scan("DEMO-1");
    await expectTotal(page, "DEMO-1", "1 ");
    await slowProcessor(page);
    await page.evaluate(hearScans);
    for (let count = 1; count <= scans; count++) {
        await scan("DEMO-1", { gap: 0 });
        await expectTotal(page, "DEMO-1", `${count + 1} `);
        await page.waitForFunction((count) => window.scans.length >= count, count);
    }
    const found = await page.evaluate(() => window.scans);
    await page.context().close();
    return at(found, 0.5);
}
