// Debian's Chromium, and what a page must never do, heard by every page it opens.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "./stack.mjs";

const require = createRequire(join(root, "console/package.json"));
const { chromium } = require("playwright-core");
export const axeSource = require("axe-core").source;

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const desk = { viewport: { width: 1280, height: 800 } };

const launching = { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] };

export const launch = (options = {}) => chromium.launch({ ...launching, ...options });

/** A browser with a profile on disk, and the power to end it as an empty battery does. */
export async function launchProfile(folder) {
    const words = [...launching.args, "--headless=new", "--remote-debugging-port=0", `--user-data-dir=${folder}`, "--no-first-run", "--window-size=390,844", "about:blank"];
    const child = spawn(launching.executablePath, words, { stdio: ["ignore", "ignore", "pipe"], detached: true });
    const address = await new Promise((resolve, reject) => {
        let heard = "";
        child.once("exit", () => reject(new Error(`the browser ended: ${heard}`)));
        child.stderr.on("data", (text) => {
            heard += text;
            const found = /DevTools listening on (\S+)/.exec(heard);
            if (found !== null) resolve(found[1]);
        });
    });
    const browser = await chromium.connectOverCDP(address);
    const kill = async () => {
        const ended = new Promise((resolve) => child.once("exit", resolve));
        process.kill(-child.pid, "SIGKILL");
        await ended;
    };
    return { context: browser.contexts()[0], kill };
}

export const newPhone = (browser, options = {}) => browser.newContext({ ...phone, ...options });
export const newDesk = (browser, options = {}) => browser.newContext({ ...desk, ...options });

/** Faults of a page as sentences: errors on its console, requests that failed, broken walls. */
export async function watch(page) {
    const faults = [];
    page.on("console", (message) => {
        if (message.type() === "error" && !/Failed to load resource/.test(message.text())) faults.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => faults.push(`error: ${error.stack}`));
    page.on("response", (answer) => {
        if (answer.status() >= 400 && !/\/api\/auth\/refresh$/.test(answer.url())) faults.push(`${answer.status()}: ${answer.url()}`);
    });
    page.on("requestfailed", (request) => {
        // A page that is left gives its questions up.
        if (request.failure()?.errorText !== "net::ERR_ABORTED") faults.push(`${request.failure()?.errorText}: ${request.url()}`);
    });
    const session = await page.context().newCDPSession(page);
    session.on("Audits.issueAdded", ({ issue }) => {
        if (/ContentSecurityPolicy|MixedContent|Cors|Cookie/.test(issue.code)) faults.push(`${issue.code}: ${JSON.stringify(issue.details)}`);
    });
    await session.send("Audits.enable");
    return faults;
}

export async function logIn(page, stack, user) {
    await page.addInitScript(() => localStorage.getItem("sv.preferences") ?? localStorage.setItem("sv.preferences", JSON.stringify({ toured: true })));
    await page.goto(stack.console);
    await page.locator("[name=username]").fill(user.username);
    await page.locator("[name=password]").fill(user.password);
    await page.locator("form button[type=submit]").click();
    await page.locator(".shell main").waitFor();
}

/** Until the service worker has the counter's pages. */
export const isKept = (page) =>
    page.waitForFunction(async () => {
        await navigator.serviceWorker.ready;
        return navigator.serviceWorker.controller !== null;
    });

/** A rack's page that hears scans and was painted: before its first picture Chromium drops whatever is typed. */
export async function canCount(page) {
    await page.locator(".thumb-bar").waitFor();
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/**
 * Types as a scanner does: the time between signs is told to the browser, whatever this machine does meanwhile.
 * `timed: false`: each sign comes when it comes, for whoever measures from then on. `heldUp`: the second half of a code
 * reaches the page so many milliseconds after the first, by the same times.
 */
export async function scanner(page, { timed = true } = {}) {
    const session = await page.context().newCDPSession(page);
    let at = Date.now() / 1000;
    const key = (sign, gap) => {
        at += gap / 1000;
        const isEnter = sign === "\n";
        const isTab = sign === "\t";
        const code = isEnter ? "Enter" : isTab ? "Tab" : /[0-9]/.test(sign) ? `Digit${sign}` : /[a-z]/i.test(sign) ? `Key${sign.toUpperCase()}` : "Minus";
        const press = { key: isEnter || isTab ? code : sign, code, text: isEnter ? "\r" : isTab ? undefined : sign, windowsVirtualKeyCode: isEnter ? 13 : isTab ? 9 : sign.toUpperCase().charCodeAt(0), ...(timed ? { timestamp: at } : {}) };
        return Promise.all([session.send("Input.dispatchKeyEvent", { type: "keyDown", ...press }), session.send("Input.dispatchKeyEvent", { type: "keyUp", ...press, text: undefined })]);
    };
    return async (text, { gap = 5, end = "\n", heldUp } = {}) => {
        at = Math.max(at + 0.08, Date.now() / 1000);
        const signs = [...(text + end)];
        const first = heldUp === undefined ? signs : signs.splice(0, signs.length >> 1);
        await Promise.all(first.map((sign) => key(sign, gap)));
        if (heldUp === undefined) return;
        await new Promise((resolve) => setTimeout(resolve, heldUp));
        await Promise.all(signs.map((sign) => key(sign, gap)));
    };
}

/** A picture of what is seen, where STOCKVERIFY_PICTURES names a folder for it: README's are made so. */
export async function picture(page, name) {
    const folder = process.env.STOCKVERIFY_PICTURES;
    if (folder === undefined) return;
    await page.screenshot({ path: join(folder, `${name.replace(/[^\w.-]+/g, "_")}.png`), animations: "disabled" });
}
