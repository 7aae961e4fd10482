// What t/console/client.t asks of the client: client.mjs WHAT URL USER PASSWORD RACK [FILE]. Says what came of it as JSON.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { createClient, quantity, webPlatform } from "../../console/client/dist/index.js";
import { memoryStore } from "../../console/client/dist/store/memory.js";
import { sqliteStore } from "../../console/client/dist/store/sqlite.js";
import { seeded } from "../../console/client/.build/test/random.js";
import { sqliteShell } from "../../console/client/.build/test/sqlite_exec.js";
import { losingProxy } from "./proxy.mjs";

const [what, url, username, password, rack, file] = process.argv.slice(2);
const random = seeded(20);

// Waits of seconds and minutes go ten times as fast; the time that an answer may take does not.
const platform = () => webPlatform({ timer: (milliseconds, call) => {
    const id = setTimeout(call, milliseconds > 1_000 && milliseconds !== 15_000 ? milliseconds / 10 : milliseconds);
    return () => clearTimeout(id);
} });
const onFault = (fault) => console.error(fault);
const client = (baseUrl, store = memoryStore()) => createClient({ platform: platform(), store, baseUrl, onFault });

function until(observable, holds) {
    return new Promise((resolve) => {
        let stop = () => undefined;
        stop = observable.subscribe((value) => {
            if (!holds(value)) return;
            setImmediate(() => stop());
            resolve(value);
        });
    });
}

const withNetwork = async (call) => {
    for (;;) {
        try {
            return await call();
        } catch (fault) {
            if (fault.name !== "NoAnswer") throw fault;
        }
    }
};

async function enter(each) {
    await each.start();
    if (each.auth.value.state !== "logged_in") await withNetwork(() => each.login(username, password));
    return each;
}

/** What the server has of a session, asked past the proxy by a client of its own. */
async function stored(session) {
    const asking = await enter(client(url));
    await asking.restore(session);
    const records = (await asking.records(session)).map(({ record }) => record);
    await asking.close();
    return records;
}

async function dropped() {
    const proxy = await losingProxy(url, { loses: /^POST \/api\/sync\/batch/ });
    const phone = await enter(client(proxy.url));
    let events = 0;
    const stop = phone.listen(["rack:updates:*"], { onEvent: () => (events += 1), onReset: () => undefined });
    const { session_id } = await withNetwork(() => phone.claim(rack));
    for (let i = 0; i < 500; i++) {
        await phone.count({ session_id, item_code: `DROPPED-${i}`, verified_qty: quantity(i) });
        if (i % 50 === 49) await until(phone.queue, ({ sending }) => !sending);
    }
    await phone.complete(session_id);
    await until(phone.racks, ([held]) => held.lease === "ended");
    await until(phone.queue, ({ all_safe }) => all_safe);
    const records = await stored(session_id);
    const { lease } = phone.racks.value[0];
    stop();
    await phone.close();
    proxy.close();
    return { stored: records.length, different: new Set(records.map(({ item_code }) => item_code)).size, lost: proxy.lost, lease, events };
}

/** The counter who is killed: says each figure that he heard the sound for. */
async function counting() {
    const shell = sqliteShell(file);
    const phone = client(url, sqliteStore(shell.exec));
    await phone.start();
    await phone.login(username, password);
    const { session_id } = await phone.claim(rack);
    await until(phone.queue, ({ sending }) => !sending);
    for (let i = 0; ; i++) {
        const { record } = await phone.count({ session_id, item_code: `KILLED-${i}`, verified_qty: quantity(i) }, [{ barcode: `${i}` }]);
        console.log(JSON.stringify({ session_id, id: record.client_record_id }));
    }
}

async function killed() {
    const proxy = await losingProxy(url, { loses: /^POST \/api\/sync\/batch/ });
    const counter = spawn(process.execPath, [process.argv[1], "counting", proxy.url, username, password, rack, file], { stdio: ["ignore", "pipe", "inherit"] });
    const heard = [];
    for await (const line of createInterface({ input: counter.stdout })) {
        heard.push(JSON.parse(line));
        if (heard.length === 20) proxy.down = true;
        if (heard.length === 60) counter.kill("SIGKILL");
    }
    proxy.down = false;
    const shell = sqliteShell(file);
    const phone = await enter(client(proxy.url, sqliteStore(shell.exec)));
    await until(phone.queue, ({ unsent, sending }) => unsent === 0 && !sending);
    const { session_id } = heard[0];
    const ids = (await stored(session_id)).map(({ client_record_id }) => client_record_id);
    const { unsent } = phone.queue.value;
    await phone.close();
    shell.close();
    proxy.close();
    return { heard: heard.length, missing: heard.filter(({ id }) => !ids.includes(id)).length, twice: ids.length - new Set(ids).size, unsent };
}

async function histories() {
    const proxy = await losingProxy(url, { loses: /^(?:POST \/api\/(?:sync|auth\/refresh)|GET \/api\/racks)/ });
    const store = memoryStore();
    let phone = await enter(client(proxy.url, store));
    const { session_id } = await withNetwork(() => phone.claim(rack));
    const last = new Map();
    const hear = ({ record }) => last.set(record.client_record_id, record);
    for (let history = 0; history < 50; history++) {
        const mine = [];
        proxy.down = random() < 0.3;
        for (let step = 0; step < 6; step++) {
            const choice = random();
            const id = mine[Math.floor(random() * mine.length)];
            if (id === undefined || choice < 0.5) {
                const row = await phone.count({ session_id, item_code: `H${history}-${step}`, verified_qty: quantity(step) });
                mine.push(row.record.client_record_id);
                hear(row);
            } else if (choice < 0.8) hear(await phone.edit(session_id, id, { verified_qty: quantity(100 + step) }));
            else if (choice < 0.9) hear(await phone.void(session_id, id));
            else phone.sync().catch(onFault);
        }
        proxy.down = false;
        if (random() < 0.4) {
            await phone.close();
            phone = client(proxy.url, store);
            await enter(phone);
        }
    }
    await phone.sync();
    await until(phone.queue, ({ unsent, sending }) => unsent === 0 && !sending);
    const there = new Map((await stored(session_id)).map((record) => [record.client_record_id, record]));
    const differs = ([id, record]) => ["verified_qty", "status", "revision", "item_code"].some((name) => there.get(id)?.[name] !== record[name]);
    const wrong = [...last].filter(differs).map(([id, record]) => [record, there.get(id) ?? null]);
    if (there.size !== last.size) wrong.push(["more on the server than was heard", there.size, last.size]);
    await phone.close();
    proxy.close();
    return { histories: 50, wrong, lost: proxy.lost };
}

const result = await { dropped, killed, histories, counting }[what]();
console.log(JSON.stringify(result));
process.exit(0);
