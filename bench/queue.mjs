// What bench/queue.pl asks, as JSON on the standard input; says what came of it as JSON.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchProfile } from "../t/console/lib/browser.mjs";
import { root } from "../t/console/lib/stack.mjs";

const asked = JSON.parse(readFileSync(0, "utf8"));

/** One run, in the page: a queue is filled and added to; then the client sends it, and a bare client as many records, the one first by turns. */
async function measure({ run, records, adds, username, password }) {
    const { createClient, quantity, webPlatform } = await import("/bench/index.js");
    const { idbStore } = await import("/bench/store/idb.js");
    let online = true;
    const platform = webPlatform({ fetch: (url, init) => (online ? fetch(url, init) : Promise.reject(new TypeError("no network"))) });
    const open = async (durability) => {
        const client = createClient({ platform, store: idbStore({ prefix: `bench-${run}-`, durability }), baseUrl: "" });
        await client.start();
        return client;
    };
    const at = (values, share) => values.sort((one, other) => one - other)[Math.floor(values.length * share)];
    const timed = async (call) => {
        const took = [];
        for (let i = 0; i < adds; i++) {
            const before = performance.now();
            await call(i);
            took.push(performance.now() - before);
        }
        return { p50: at(took, 0.5), p95: at(took, 0.95) };
    };
    const median = (values) => at(values, 0.5);
    // What each batch's time is made of, in ms: awaiting its answer, and from there to the next request.
    performance.setResourceTimingBufferSize(100_000);
    const batches = () => {
        const each = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/api/sync/batch"));
        performance.clearResourceTimings();
        return { answer: median(each.map(({ startTime, responseEnd }) => responseEnd - startTime)), between: median(each.slice(1).map(({ startTime }, i) => startTime - each[i].responseEnd)) };
    };
    let item = 0;
    const figure = (session_id) => ({ session_id, item_code: `BENCH-${String(item++).padStart(5, "0")}`, verified_qty: quantity(item % 50), floor: "F1", remark: "bench" });

    const relaxed = await open("relaxed");
    await relaxed.login(username, password);
    const { session_id } = await relaxed.claim(`B${String(2 * run + 1).padStart(5, "0")}`);
    const batch = relaxed.config.value?.sync_batch_size ?? 100;
    online = false;
    while (item < records) await Promise.all(Array.from({ length: Math.min(200, records - item) }, () => relaxed.count(figure(session_id))));
    const relaxedTook = await timed(() => relaxed.count(figure(session_id)));
    await relaxed.close();
    const strict = await open("strict");
    const strictTook = await timed(() => strict.count(figure(session_id)));

    const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open(`bench-bare-${run}`);
        request.onupgradeneeded = () => request.result.createObjectStore("rows");
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const row = await timed((i) => new Promise((resolve, reject) => {
        const transaction = database.transaction("rows", "readwrite", { durability: "strict" });
        transaction.objectStore("rows").put({ record: figure(session_id) }, i);
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
    }));

    const unsent = strict.queue.value.unsent;
    const sendClient = async () => {
        online = true;
        performance.clearResourceTimings();
        const began = performance.now();
        while (strict.queue.value.unsent > 0) await strict.sync();
        const rate = (1000 * unsent) / (performance.now() - began);
        if (strict.queue.value.refused + strict.queue.value.conflicts > 0) throw new Error("records were refused");
        online = false;
        return { rate, ...batches() };
    };

    const post = async (path, token, body) => {
        const headers = { "Content-Type": "application/json", ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) };
        const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
        if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
        return (await answer.json()).data;
    };
    const { access_token } = await post("/api/auth/login", undefined, { username, password });
    const bareSession = (await post(`/api/racks/B${String(2 * run + 2).padStart(5, "0")}/claim`, access_token, {})).session_id;
    const now = new Date().toISOString();
    item = 0;
    const all = Array.from({ length: unsent }, () => {
        const made = figure(bareSession);
        return { ...made, verified_qty: made.verified_qty / 1_000_000, client_record_id: crypto.randomUUID(), status: "finalized", revision: 1, created_at: now, updated_at: now };
    });
    const sendBare = async () => {
        performance.clearResourceTimings();
        const began = performance.now();
        for (let from = 0; from < all.length; from += batch) {
            const part = all.slice(from, from + batch);
            const { ok } = await post("/api/sync/batch", access_token, { batch_id: crypto.randomUUID(), sent_at: now, left: all.length - from - part.length, records: part });
            if (ok.length !== part.length) throw new Error("records were refused");
        }
        return { rate: (1000 * unsent) / (performance.now() - began), ...batches() };
    };
    const bareFirst = run % 2 === 1 ? await sendBare() : undefined;
    const client = await sendClient();
    const bare = bareFirst ?? (await sendBare());
    await strict.close();
    return {
        batch, client: client.rate, bare: bare.rate, client_answer: client.answer, client_between: client.between, bare_answer: bare.answer, bare_between: bare.between,
        row_p95: row.p95, relaxed_p50: relaxedTook.p50, relaxed_p95: relaxedTook.p95, strict_p50: strictTook.p50, strict_p95: strictTook.p95,
    };
}

// The library as it is published, from the server's own address: no wall of the console's stands before it.
const scripts = (route) => {
    const { pathname } = new URL(route.request().url());
    return pathname === "/bench/" ? route.fulfill({ contentType: "text/html", body: "<!doctype html>" }) : route.fulfill({ path: join(root, "console/client/dist", pathname.slice("/bench/".length)), contentType: "text/javascript" });
};

/** A run in a profile of its own: what runs before it left on the disk makes it no slower. A context without one writes to memory. */
async function run(each) {
    const folder = mkdtempSync(join(tmpdir(), "stockverify-queue-"));
    const { context, kill } = await launchProfile(folder);
    const page = await context.newPage();
    await page.route(`${asked.url}/bench/**`, scripts);
    await page.goto(`${asked.url}/bench/`);
    await page.evaluate(() => Promise.all([import("/bench/index.js"), import("/bench/store/idb.js")]));
    await page.unroute(`${asked.url}/bench/**`);
    const measured = await page.evaluate(measure, { ...asked, run: each });
    await kill();
    rmSync(folder, { recursive: true, force: true });
    if (process.env.BENCH_VERBOSE !== undefined) console.error(JSON.stringify(measured));
    return measured;
}

const runs = [];
for (let each = 0; each < asked.runs; each++) runs.push(await run(each));
console.log(JSON.stringify({ batch: runs[0].batch, runs }));
