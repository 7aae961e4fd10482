// What bench/watchtower.pl asks, as JSON on the standard input; says what came of it as JSON.
import { readFileSync } from "node:fs";
import { launch, logIn, newDesk } from "../t/console/lib/browser.mjs";

const { url, racks, rate, slowed, seconds, boss, tokens } = JSON.parse(readFileSync(0, "utf8"));
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const ascending = (values) => [...values].sort((one, other) => one - other);

async function call(token, path, body) {
    const answer = await fetch(url + path, { method: "POST", headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()).data;
}

/** Notes the time of each frame, and when a rack was first painted as claimed. */
function watch() {
    window.watched = { frames: [], painted: {} };
    let last = performance.now();
    const frame = (now) => {
        window.watched.frames.push(now - last);
        last = now;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    new MutationObserver((changes) => {
        for (const { target } of changes) if (target.dataset.status === "claimed") window.watched.painted[target.dataset.rack] ??= Date.now();
    }).observe(document.querySelector(".tower"), { subtree: true, attributes: true, attributeFilter: ["data-status"] });
}

const browser = await launch();
const page = await (await newDesk(browser)).newPage();
await logIn(page, { url, console: `${url}/console/` }, boss);
await page.goto(`${url}/console/watchtower?warehouse=BENCH`);
await page.waitForFunction((count) => document.querySelectorAll(".rack-tile").length >= count, racks, { timeout: 120_000 });
await page.locator('.live-chip[data-live="live"]').waitFor();
await (await page.context().newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: slowed });
await page.evaluate(watch);

const claimed = new Map();
const running = new Set();
const began = Date.now();
let events = 0;
/** A claim and a release are two events. */
async function turn(n) {
    const rack = `B${String(1 + (n % racks)).padStart(5, "0")}`;
    const token = tokens[n % tokens.length];
    const { session_id } = await call(token, `/api/racks/${rack}/claim`, {});
    if (!claimed.has(rack)) claimed.set(rack, Date.now());
    await call(token, `/api/racks/${rack}/release`, { session_id });
    events += 2;
}
for (let n = 0; Date.now() < began + seconds * 1000; n++) {
    const due = began + (n * 2000) / rate;
    if (due > Date.now()) await new Promise((resolve) => setTimeout(resolve, due - Date.now()));
    const one = turn(n).finally(() => running.delete(one));
    running.add(one);
    if (running.size >= 16) await Promise.race(running);
}
await Promise.all(running);
const took = (Date.now() - began) / 1000;
const { frames, painted } = await page.evaluate(() => window.watched);
const sorted = ascending(frames);
const seen = ascending(Object.entries(painted).filter(([rack]) => claimed.has(rack)).map(([rack, when]) => Math.max(0, when - claimed.get(rack))));
console.log(JSON.stringify({ events_a_second: events / took, p50: at(sorted, 0.5), p95: at(sorted, 0.95), longest: sorted.at(-1), seen: at(seen, 0.5) ?? -1 }));
await browser.close();
