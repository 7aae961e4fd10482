import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "../src/client.js";
import { LoginNeeded, NotPossible, Refused } from "../src/errors.js";
import type { Lock } from "../src/platform.js";
import { quantity } from "../src/quantity.js";
import { type Database, type Store, StorageFull } from "../src/store/store.js";
import { refusal, Stage, success } from "./sim/stage.js";

const minute = 60_000;
const hour = 3_600_000;

test("a token is renewed in time, once for whoever asks, and the new one is kept before it is used", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    await stage.world.run(14.5 * 60_000);
    const before = stage.server.refreshes;
    await Promise.all(Array.from({ length: 5 }, () => stage.world.of(client.call("get", "/api/config", {}))));
    assert.equal(stage.server.refreshes, before + 1);
    await stage.world.run(5 * hour);
    await stage.world.of(client.call("get", "/api/config", {}));
    assert.equal(stage.server.reuses, 0);
});

test("two tabs, and two processes with one store, refresh once between them", async () => {
    const stage = new Stage();
    const one = await stage.loggedIn();
    const two = stage.client();
    await stage.world.of(two.start());
    assert.equal(two.auth.value.state, "logged_in");
    assert.equal(stage.server.refreshes, 0, "the second took what the first had");
    await stage.world.run(14.5 * 60_000);
    await Promise.all([stage.world.of(one.call("get", "/api/config", {})), stage.world.of(two.call("get", "/api/config", {}))]);
    assert.equal(stage.server.refreshes, 1);
});

/** The cookie that a browser would hold. */
function withCookie(stage: Stage): { jar: { refresh: string | undefined; user: string | undefined }; answer: (url: string, init: RequestInit) => Response } {
    const jar: { refresh: string | undefined; user: string | undefined } = { refresh: undefined, user: undefined };
    const answer = stage.server.answer.bind(stage.server);
    const taken = async (response: Response): Promise<void> => {
        const { data } = (await response.json()) as { data: { refresh_token: string; user: { user_id: string } } | null };
        if (data !== null) Object.assign(jar, { refresh: data.refresh_token, user: data.user.user_id });
    };
    for (const path of ["/api/auth/login", "/api/auth/refresh"]) {
        stage.instead(path, (init) => {
            assert.equal(new Headers(init.headers).get("X-StockVerify-Client"), "console");
            assert.equal(init.credentials, "same-origin");
            const body = path.endsWith("login") ? init.body : JSON.stringify({ refresh_token: jar.refresh });
            const response = answer(`http://server${path}`, { ...init, body: body ?? null });
            void taken(response.clone());
            return response;
        });
    }
    return { jar, answer };
}

test("with a cookie no script holds a refresh token, and tabs share the access token in memory", async () => {
    const stage = new Stage();
    withCookie(stage);
    const tab = stage.phone.open();
    const one = await stage.loggedIn("asha", tab, { cookie: true });
    const two = stage.client(undefined, { cookie: true });
    await stage.world.of(two.start());
    assert.equal(two.auth.value.state, "logged_in");
    assert.equal(stage.server.refreshes, 0);
    await stage.world.run(14.5 * 60_000);
    await Promise.all([stage.world.of(one.call("get", "/api/config", {})), stage.world.of(two.call("get", "/api/config", {}))]);
    assert.equal(stage.server.refreshes, 1);
    const database = await stage.phone.store.open("user-asha");
    assert.equal(await database.get("state", "login"), undefined);
});

test("a device without room to say when an answer came gives up none for that, and sends what it has with a login renewed", async () => {
    const stage = new Stage();
    withCookie(stage);
    const client = await stage.loggedIn("asha", undefined, { cookie: true, onFault: (fault) => assert.ok(fault instanceof StorageFull) });
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    for (let i = 0; i < 8; i++) await stage.world.of(client.count({ session_id, item_code: `I${i}`, verified_qty: quantity(1) }));
    await stage.world.run(20 * minute);
    stage.phone.storage.full = true;
    stage.network.down = false;
    await stage.world.until(() => client.queue.value.all_safe, hour);
    assert.deepEqual([stage.server.stored.size, stage.server.batches, stage.server.refreshes], [8, 2, 1]);
});

test("a refresh that answers another user locks the tab, and nothing of it is sent", async () => {
    const stage = new Stage();
    const { jar, answer } = withCookie(stage);
    const client = await stage.loggedIn("asha", undefined, { cookie: true });
    const { session_id } = await stage.world.of(client.claim("R1"));
    const other = answer("http://server/api/auth/login", { method: "POST", body: JSON.stringify({ username: "ben" }) });
    jar.refresh = ((await other.json()) as { data: { refresh_token: string } }).data.refresh_token;
    stage.network.down = true;
    await stage.world.run(20 * 60_000);
    await stage.world.of(client.count({ session_id, item_code: "I1", verified_qty: quantity(1) }));
    stage.network.down = false;
    await stage.world.run(hour);
    assert.equal(client.auth.value.state, "locked");
    assert.deepEqual([stage.server.stored.size, client.queue.value.unsent, client.queue.value.problem], [0, 1, "other_user"]);
    await stage.world.of(client.login("asha", "x"));
    await stage.world.until(() => client.queue.value.all_safe);
    assert.equal(stage.server.stored.size, 1);
});

test("no 401 costs a count: the queue stays, the page stays, and a login sends it", async () => {
    for (const code of ["token_invalid", "token_revoked", "token_reused", "account_disabled"]) {
        const stage = new Stage();
        const client = await stage.loggedIn();
        const { session_id } = await stage.world.of(client.claim("R1"));
        let ended = true;
        stage.instead("/api/sync/batch", () => (ended ? refusal(401, code) : undefined));
        await stage.world.of(client.count({ session_id, item_code: "I1", verified_qty: quantity(1) }));
        await stage.world.run(60_000);
        assert.deepEqual([client.auth.value.state, client.queue.value.problem], ["expired", "login_needed"]);
        await stage.world.of(client.count({ session_id, item_code: "I2", verified_qty: quantity(1) }));
        ended = false;
        await stage.world.of(client.login("asha", "x"));
        await stage.world.until(() => client.queue.value.all_safe);
        assert.equal(stage.server.stored.size, 2);
    }
});

test("a busy or silent server ends no login", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    stage.instead("/api/auth/refresh", () => refusal(503, "unavailable"));
    await stage.world.run(hour);
    assert.equal(client.auth.value.state, "logged_in");
    await assert.rejects(stage.world.of(client.call("get", "/api/config", {})), Refused);
    assert.equal(client.auth.value.state, "logged_in");
});

test("without network the last user goes on for twelve hours after the last contact", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    await stage.loggedIn("asha", tab);
    tab.kill();
    stage.network.down = true;
    await stage.world.run(11 * hour);
    const second = stage.phone.open();
    const again = stage.client(second);
    const state = await stage.world.of(again.start());
    assert.ok(state.state === "logged_out" && state.last?.username === "asha" && state.until !== null);
    assert.equal((await stage.world.of(again.continueOffline())).username, "asha");
    assert.equal(again.auth.value.state, "offline");
    second.kill();
    await stage.world.run(2 * hour);
    const third = stage.client();
    await stage.world.of(third.start());
    await assert.rejects(stage.world.of(third.continueOffline()), NotPossible);
});

test("after a reload only an answer that ends the login ends it; a server that can't be asked leaves its user here, who is never shown a login", async () => {
    const outcomes: { [what: string]: readonly string[] } = {};
    const answers: { [what: string]: (stage: Stage) => void } = {
        "no network": (stage) => void (stage.network.down = true),
        503: (stage) => stage.instead("/api/auth/refresh", () => refusal(503, "unavailable")),
        500: (stage) => stage.instead("/api/auth/refresh", () => refusal(500, "internal_error")),
        429: (stage) => stage.instead("/api/auth/refresh", () => refusal(429, "rate_limited")),
        "a proxy's 401": (stage) => stage.instead("/api/auth/refresh", () => new Response("<h1>Who are you?</h1>", { status: 401 })),
        "a proxy's 502": (stage) => stage.instead("/api/auth/refresh", () => new Response("<h1>Bad gateway</h1>", { status: 502 })),
        401: (stage) => stage.instead("/api/auth/refresh", () => refusal(401, "token_revoked")),
    };
    for (const [what, answer] of Object.entries(answers)) {
        const stage = new Stage();
        const tab = stage.phone.open();
        const before = await stage.loggedIn("asha", tab);
        const { user_id } = before.auth.value.state === "logged_in" ? before.auth.value.user : assert.fail();
        tab.kill();
        await stage.world.run(hour);
        answer(stage);
        const again = stage.client();
        const seen: string[] = [];
        again.auth.subscribe(({ state }) => seen.push(state));
        await stage.world.of(again.start(user_id));
        outcomes[what] = seen.filter((state, index) => state !== seen[index - 1]);
    }
    const stays = ["starting", "offline"];
    assert.deepEqual(outcomes, { "no network": stays, 503: stays, 500: stays, 429: stays, "a proxy's 401": stays, "a proxy's 502": stays, 401: ["starting", "logged_out"] });
});

test("who goes on without network after a reload is logged in again by the first answer, and nobody else goes on", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    await stage.loggedIn("asha", tab);
    tab.kill();
    await stage.world.run(hour);
    stage.network.down = true;
    const other = stage.client();
    assert.equal((await stage.world.of(other.start("somebody-else"))).state, "logged_out");
    const last = other.auth.value.state === "logged_out" ? other.auth.value.last : null;
    const again = stage.client();
    assert.equal((await stage.world.of(again.start(last?.user_id))).state, "offline");
    stage.network.down = false;
    await stage.world.of(again.call("get", "/api/config", {}));
    assert.equal(again.auth.value.state, "logged_in");
});

test("a logout without network ends the login here, is told later, and nothing refreshes in between", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const client = await stage.loggedIn("asha", tab);
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    await stage.world.of(client.count({ session_id, item_code: "I1", verified_qty: quantity(1) }));
    await stage.world.of(client.logout());
    assert.deepEqual([client.auth.value.state, stage.server.isLoggedIn("asha")], ["logged_out", true]);
    await assert.rejects(stage.world.of(client.continueOffline()), NotPossible);
    await assert.rejects(stage.world.of(client.refresh()), LoginNeeded);
    tab.kill();
    stage.network.down = false;
    const again = stage.client();
    await stage.world.of(again.start());
    await stage.world.run(60_000);
    assert.deepEqual([again.auth.value.state, stage.server.isLoggedIn("asha")], ["logged_out", false]);
    await stage.world.of(again.login("asha", "x"));
    await stage.world.until(() => again.queue.value.all_safe && stage.server.stored.size === 1);
});

test("a logout that is to be told is tried by one timer, however often the network comes and goes, and by none after the end", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const client = await stage.loggedIn("asha", tab);
    // The network seems to be back again and again, and no answer comes.
    let tries = 0;
    stage.network.fetch = (_, __, { signal }) => {
        tries += 1;
        return new Promise((___, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
    };
    client.logout().catch(() => undefined);
    await stage.world.run(1_000);
    for (let i = 0; i < 20; i++) {
        tab.online();
        await stage.world.run(100);
    }
    await stage.world.run(hour);
    tries = 0;
    await stage.world.run(hour);
    assert.ok(tries <= 30, `${tries} tries in an hour`);
    tab.online();
    await stage.world.run(100);
    await stage.world.of(client.close());
    tries = 0;
    await stage.world.run(hour);
    assert.equal(tries, 0);
});

test("a login that another tab renews in the middle of a logout is logged out, and no token of it is spent twice", async () => {
    const stage = new Stage();
    stage.server.settings.accessSeconds = 90;
    const tab = stage.phone.open();
    let isSlow = false;
    const store: Store = {
        open: async (name) => {
            const database = await tab.store.open(name);
            const get: Database["get"] = async (from, key) => {
                const row = await database.get(from, key);
                if (isSlow && key === "login") {
                    isSlow = false;
                    await stage.world.pause(2 * minute);
                }
                return row;
            };
            return { ...database, get };
        },
    };
    const client = await stage.loggedIn("asha", tab, { store });
    const other = stage.client();
    await stage.world.of(other.start());
    isSlow = true;
    const out = client.logout();
    await stage.world.run(1_000);
    await stage.world.of(other.refresh());
    await stage.world.of(other.call("get", "/api/config", {}));
    await stage.world.of(out);
    await stage.world.run(minute);
    assert.deepEqual([client.auth.value.state, stage.server.isLoggedIn("asha"), stage.server.reuses], ["logged_out", false, 0]);
});

test("a logout in whose middle the app is killed is a logout, or none, after a restart: never a login that is refused", async () => {
    for (let operations = 0; operations < 12; operations++) {
        const stage = new Stage(operations + 1);
        const tab = stage.phone.open();
        const client = await stage.loggedIn("asha", tab);
        tab.diesAfter = operations;
        void client.logout();
        await stage.world.run(minute);
        if (!tab.dead) tab.kill();
        const again = stage.client();
        const { state } = await stage.world.of(again.start());
        await stage.world.run(minute);
        assert.deepEqual([state, again.auth.value.state], stage.server.isLoggedIn("asha") ? ["logged_in", "logged_in"] : ["logged_out", "logged_out"], `after ${operations} operations`);
    }
});

test("an answer that comes late to another tab takes no logout back", async () => {
    const stage = new Stage();
    const [one, two] = [await stage.loggedIn("asha"), await stage.loggedIn("asha")];
    await stage.world.run(2 * minute);
    const answer = stage.server.answer.bind(stage.server);
    stage.network.weather = { lose: 0, loseAnswer: 0, double: 0, delay: 4_000 };
    const late = two.call("get", "/api/config", {}).catch(() => undefined);
    await stage.world.of(one.logout());
    await stage.world.of(late);
    stage.server.answer = answer;
    stage.network.down = true;
    const again = stage.client();
    assert.deepEqual(await stage.world.of(again.start()), { state: "logged_out", last: null, until: null, reason: null });
});

test("who comes next sends nothing of who was there, and it is all there when that one comes back", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn("asha");
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    await stage.world.of(client.count({ session_id, item_code: "A1", verified_qty: quantity(1) }));
    await stage.world.of(client.logout());
    stage.network.down = false;
    await stage.world.of(client.login("ben", "x"));
    await stage.world.run(hour);
    assert.deepEqual([stage.server.stored.size, client.queue.value.unsent, client.racks.value.length], [0, 0, 0]);
    await stage.world.of(client.logout());
    await stage.world.of(client.login("asha", "x"));
    await stage.world.until(() => client.queue.value.all_safe && stage.server.stored.size === 1);
    assert.deepEqual([...(stage.server.senders.values().next().value ?? [])], ["asha"]);
});

test("a PIN needs a password login on this device first, and nothing of it is kept", async () => {
    const stage = new Stage();
    stage.instead("/api/auth/login", (init) => {
        const body = JSON.parse(String(init.body)) as { username: string; pin?: string; device_secret?: string };
        if (body.pin !== undefined && body.device_secret !== "the-secret") return refusal(401, "credentials_invalid");
        return success({ access_token: "a", refresh_token: "r", token_type: "bearer", expires_in: 900, device_secret: "the-secret", user: { user_id: "asha", username: "asha", full_name: "Asha", role: "staff", warehouse: "W1", permissions: [] } });
    });
    const client = stage.client(undefined, { onFault: () => undefined });
    await stage.world.of(client.start());
    await assert.rejects(stage.world.of(client.loginPin("asha", "493817")), NotPossible);
    assert.equal(await stage.world.of(client.canUsePin("asha")), false);
    await stage.world.of(client.login("asha", "correct horse"));
    assert.equal(await stage.world.of(client.canUsePin("asha")), false, "a known device is not a PIN");
    stage.instead("/api/auth/pin", () => success({ pin_set: true }));
    await stage.world.of(client.setPin("correct horse", "493817"));
    assert.equal(await stage.world.of(client.canUsePin("ASHA")), true);
    await stage.world.of(client.loginPin("Asha", "493817"));
    for (const name of ["device", "user-asha"]) {
        const rows = await (await stage.phone.store.open(name)).scan("state");
        assert.doesNotMatch(JSON.stringify(rows), /493817|correct horse/);
    }
    stage.instead("/api/auth/login", () => refusal(401, "pin_disabled"));
    await assert.rejects(stage.world.of(client.loginPin("asha", "493817")), Refused);
    assert.equal(await stage.world.of(client.canUsePin("asha")), true, "one that is off until a password login is still one");
    stage.instead("/api/auth/login", () => refusal(401, "credentials_invalid"));
    await assert.rejects(stage.world.of(client.loginPin("asha", "493817")), Refused);
    assert.equal(await stage.world.of(client.canUsePin("asha")), false);
});

test("whoever is shown is shown with his racks, on line, off line, and after a login", async () => {
    const stage = new Stage();
    const before = await stage.loggedIn();
    await stage.world.of(before.claim("R1"));
    const racksAt = (client: Client): Map<string, number> => {
        const found = new Map<string, number>();
        client.auth.subscribe(({ state }) => found.has(state) || found.set(state, client.racks.value.length));
        return found;
    };
    const online = stage.client();
    const shown = racksAt(online);
    await stage.world.of(online.start());
    assert.equal(shown.get("logged_in"), 1);
    stage.network.down = true;
    for (const tab of [...stage.phone.tabs]) tab.kill();
    await stage.world.run(16 * 60_000);
    const offline = stage.client();
    const shownOffline = racksAt(offline);
    await stage.world.of(offline.start());
    await stage.world.of(offline.continueOffline());
    assert.equal(shownOffline.get("offline"), 1);
});

test("a renewal that ends when somebody else is here gives him no token, and sends nothing in his name", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const { platform } = tab;
    let queue: (() => void)[] | undefined;
    const lock: Lock = async (name, body, signal) => {
        if (name === "stockverify-refresh-asha" && queue !== undefined) await new Promise<void>((resolve) => queue?.push(resolve));
        return platform.lock(name, body, signal);
    };
    const client = await stage.loggedIn("asha", tab, { platform: { ...platform, lock } });
    const { session_id } = await stage.world.of(client.claim("R1"));
    stage.network.down = true;
    await stage.world.of(client.count({ session_id, item_code: "I1", verified_qty: quantity(1) }));
    await stage.world.run(16 * 60_000);
    stage.network.down = false;
    queue = [];
    const sent = client.sync();
    await stage.world.run(1_000);
    const waiting = queue;
    assert.ok(waiting.length > 0, "asha's token is to be renewed");
    // As another process of the same store does, whose token is adopted.
    const database = await stage.phone.store.open("user-asha");
    const kept = (await database.get("state", "login"))?.value as object;
    await database.write([{ kind: "put", store: "state", key: "login", stamp: "s", value: { ...kept, access_token: "asha's", access_until: platform.wall() + 900_000 } }]);
    await stage.world.of(client.login("ben", "x"));
    queue = undefined;
    const asked = stage.asked.length;
    for (const go of waiting) go();
    await stage.world.of(sent);
    await stage.world.of(client.call("get", "/api/config", {}));
    const bearers = stage.asked.slice(asked).map(({ init }) => new Headers(init.headers).get("Authorization"));
    assert.equal(bearers.includes("Bearer asha's"), false);
    assert.equal(stage.server.senders.size, 0);
    assert.equal(client.auth.value.state, "logged_in");
});

test("nothing that is counted while another\'s login is under way goes into the other\'s hands", async () => {
    for (let seed = 1; seed <= 20; seed++) {
        const stage = new Stage(seed);
        const client = await stage.loggedIn("asha");
        const { session_id } = await stage.world.of(client.claim("R1"));
        const owners: string[] = [];
        const count = async (): Promise<void> => {
            const state = client.auth.value;
            const owner = "user" in state ? state.user.user_id : "";
            try {
                const { record } = await client.count({ session_id, item_code: `I${owners.length}`, verified_qty: quantity(1) });
                owners.push(`${owner}/${record.client_record_id}`);
            } catch (fault) {
                assert.ok(fault instanceof LoginNeeded, String(fault));
            }
        };
        const login = client.login("ben", "x");
        const counting: Promise<void>[] = [];
        await stage.world.run(300, () => void counting.push(count()));
        await stage.world.of(login);
        await stage.world.of(Promise.all(counting));
        for (const heard of owners) {
            const [owner = "", id = ""] = heard.split("/");
            const rows = await (await stage.phone.store.open(`user-${owner}`)).scan("records");
            assert.ok(rows.some(({ key }) => key.includes(id)), `${id} is ${owner}'s`);
        }
    }
});
