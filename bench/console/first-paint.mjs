// How soon a page is there, how long it can't answer while it comes, and how much it moves.
import { isKept, logIn, newPhone } from "../../t/console/lib/browser.mjs";
import { slowNetwork, slowProcessor } from "./slow.mjs";

/** Runs in the page before its own scripts. */
function observe() {
    window.seen = { lcp: 0, fcp: 0, tasks: [], shift: 0 };
    const on = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
    on("largest-contentful-paint", (entry) => (window.seen.lcp = entry.startTime));
    on("paint", (entry) => entry.name === "first-contentful-paint" && (window.seen.fcp = entry.startTime));
    on("longtask", ({ startTime, duration }) => window.seen.tasks.push({ startTime, duration }));
    on("layout-shift", (entry) => entry.hadRecentInput || (window.seen.shift += entry.value));
}

/** Of the page that is open: once five seconds have passed since its first paint. */
async function figuresOf(page) {
    await page.waitForFunction(() => window.seen.fcp > 0 && performance.now() > window.seen.fcp + 5000, null, { timeout: 120_000 });
    const { lcp, fcp, tasks, shift } = await page.evaluate(() => window.seen);
    const during = tasks.filter(({ startTime, duration }) => startTime + duration > fcp && startTime < fcp + 5000);
    return { lcp, shift, tasks: during.reduce((sum, { duration }) => sum + duration, 0) };
}

/** An empty profile, to the login. */
export async function coldLogin(browser, stack) {
    const context = await newPhone(browser);
    const page = await context.newPage();
    await page.addInitScript(observe);
    await slowProcessor(page);
    await slowNetwork(page);
    await page.goto(stack.console);
    await page.locator("[name=password]").waitFor();
    const figures = await figuresOf(page);
    await context.close();
    return figures;
}

/** Somebody who is logged in opens the console again. */
export async function warmHome(browser, stack) {
    const context = await newPhone(browser);
    const before = await context.newPage();
    await logIn(before, stack, stack.people.staff);
    await isKept(before);
    await before.close();
    const page = await context.newPage();
    await page.addInitScript(observe);
    await slowProcessor(page);
    await slowNetwork(page);
    await page.goto(stack.console);
    await page.locator(".shell h1").waitFor();
    const figures = await figuresOf(page);
    await context.close();
    return figures;
}
