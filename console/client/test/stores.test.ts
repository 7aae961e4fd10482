import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { webPlatform } from "../src/platform.js";
import { idbStore } from "../src/store/idb.js";
import { memoryStore } from "../src/store/memory.js";
import { sqliteLock, sqliteStore } from "../src/store/sqlite.js";
import { type Database, NoStorage, type Put, type Store, StorageFull } from "../src/store/store.js";
import { seeded } from "./random.js";
import { sqliteShell } from "./sqlite_exec.js";

globalThis.IDBKeyRange = IDBKeyRange;

const folder = mkdtempSync(join(tmpdir(), "stockverify-"));
const closing: (() => void)[] = [];
after(() => {
    for (const close of closing) close();
    rmSync(folder, { recursive: true });
});

let files = 0;
function sqlite(): Store {
    const shell = sqliteShell(join(folder, `${files++}.db`));
    closing.push(shell.close);
    return sqliteStore(shell.exec);
}

const kinds: { [name: string]: () => Store } = { memory: memoryStore, idb: () => idbStore({ factory: new IDBFactory() }), sqlite };

const put = (key: string, value: unknown, more: Partial<Put> = {}): Put => ({ kind: "put", store: "records", key, stamp: `s-${key}`, value, ...more });
const keysOf = async (database: Database, range = {}): Promise<string[]> => (await database.scan("records", range)).map(({ key }) => key);

for (const [name, make] of Object.entries(kinds)) {
    describe(name, () => {
        test("rows come back as they were, in the order of their keys", async () => {
            const database = await make().open("one");
            await database.write([put("b", { n: 1.5, deep: { list: [null, "é😀'"] } }), put("a", 1), put("ab", 2), put("c", 3, { bytes: new Uint8Array([0, 255, 7]) })]);
            assert.deepEqual(await database.get("records", "b"), { key: "b", stamp: "s-b", value: { n: 1.5, deep: { list: [null, "é😀'"] } } });
            assert.deepEqual([...((await database.get("records", "c"))?.bytes ?? [])], [0, 255, 7]);
            assert.equal(await database.get("records", "nothing"), undefined);
            assert.deepEqual((await database.getMany("records", ["ab", "nothing", "a", "ab"])).map((row) => row?.value), [2, undefined, 1, 2]);
            assert.deepEqual(await database.getMany("records", []), []);
            assert.deepEqual(await keysOf(database), ["a", "ab", "b", "c"]);
            assert.deepEqual(await keysOf(database, { prefix: "a" }), ["a", "ab"]);
            assert.deepEqual(await keysOf(database, { prefix: "a", after: "a" }), ["ab"]);
            assert.deepEqual(await keysOf(database, { limit: 2 }), ["a", "ab"]);
            assert.deepEqual(await keysOf(database, { backwards: true, limit: 2 }), ["c", "b"]);
            assert.deepEqual(await keysOf(database, { backwards: true, prefix: "a" }), ["ab", "a"]);
            assert.deepEqual([await database.count("records"), await database.count("records", "a"), await database.count("queue")], [4, 2, 0]);
        });

        test("rows are read beside keys of another store", async () => {
            const database = await make().open("one");
            await database.write([put("ab", { n: 1 }), put("aa", 2, { bytes: new Uint8Array([7]) }), put("b", 3), put("x2", 0, { store: "queue" }), put("x1", 0, { store: "queue" }), put("y", 0, { store: "queue" })]);
            const beside = async (prefix: string, ends?: { from: string; through: string }): Promise<unknown> => {
                const { rows, keys } = await database.scanBeside("records", prefix, "queue", (found) => (found.length === 0 ? undefined : ends));
                return [rows.map(({ key, stamp, value }) => [key, stamp, value]), keys];
            };
            assert.deepEqual(await beside("a", { from: "x1", through: "x2" }), [[["aa", "s-aa", 2], ["ab", "s-ab", { n: 1 }]], ["x1", "x2"]]);
            assert.deepEqual(await beside("b", { from: "x2", through: "z" }), [[["b", "s-b", 3]], ["x2", "y"]]);
            assert.deepEqual(await beside("b"), [[["b", "s-b", 3]], []]);
            assert.deepEqual(await beside("c", { from: "x", through: "z" }), [[], []]);
        });

        test("a write is whole or nothing", async () => {
            const database = await make().open("one");
            assert.equal(await database.write([put("a", 1, { expect: null })]), true);
            assert.equal(await database.write([put("b", 1), put("a", 2, { expect: null })]), false);
            assert.equal(await database.write([put("b", 1), put("a", 2, { expect: "another" })]), false);
            assert.deepEqual(await keysOf(database), ["a"]);
            assert.equal(await database.write([put("b", 1), { kind: "delete", store: "records", key: "a", expect: "s-a" }]), true);
            assert.deepEqual(await keysOf(database), ["b"]);
            assert.equal(await database.write([{ kind: "delete", store: "records", key: "b", expect: "old" }]), false);
            assert.equal(await database.write([]), true);
        });

        test("of many who write the same row on a condition, one does", async () => {
            const database = await make().open("one");
            const done = await Promise.all(Array.from({ length: 20 }, (_, n) => database.write([put("a", n, { expect: null })])));
            assert.equal(done.filter(Boolean).length, 1);
        });

        test("a span is revised as it is then, whole or not at all, and its ends are of it", async () => {
            const database = await make().open("one");
            await database.write(["a", "b", "c", "d", "e"].map((key) => put(key, key)));
            const seen: string[] = [];
            const span = { store: "records", from: "b", through: "d" } as const;
            await database.revise(span, ["queue"], (rows) => {
                seen.push(...rows.map(({ key, stamp, value }) => `${key} ${stamp} ${String(value)}`));
                return [{ kind: "clear", store: "records", from: "b", through: "c" }, { kind: "delete", store: "records", key: "e" }, { kind: "put", store: "queue", key: "q", stamp: "s", value: 1 }];
            });
            assert.deepEqual(seen, ["b s-b b", "c s-c c", "d s-d d"]);
            assert.deepEqual([await keysOf(database), await database.count("queue")], [["a", "d"], 1]);
            await assert.rejects(async () => database.revise(span, [], () => {
                throw new Error("no");
            }), /no/);
            await database.revise(span, [], () => []);
            assert.deepEqual(await keysOf(database), ["a", "d"]);
            const counted = await Promise.all(Array.from({ length: 10 }, () => database.revise(span, [], ([row]) => [put("d", Number(row?.value === "d" ? 0 : row?.value) + 1)])));
            assert.deepEqual([counted.length, (await database.get("records", "d"))?.value], [10, 10]);
        });

        test("databases and stores know nothing of one another", async () => {
            const store = make();
            const [one, two] = [await store.open("one"), await store.open("two")];
            await one.write([put("a", 1), put("a", 2, { store: "queue" })]);
            assert.deepEqual([await two.count("records"), (await one.get("queue", "a"))?.value, (await one.get("records", "a"))?.value], [0, 2, 1]);
            one.close();
            assert.equal(await (await store.open("one")).count("records"), 1);
        });

        test("random writes are as a plain map has them", async () => {
            const random = seeded(11);
            const database = await make().open("random");
            const model = new Map<string, number>();
            for (let i = 0; i < 150; i++) {
                const key = `k${Math.floor(random() * 12)}`;
                if (random() < 0.3) {
                    await database.write([{ kind: "delete", store: "records", key }]);
                    model.delete(key);
                } else {
                    await database.write([put(key, i)]);
                    model.set(key, i);
                }
            }
            const rows = await database.scan("records");
            assert.deepEqual(new Map(rows.map(({ key, value }) => [key, value])), model);
            assert.deepEqual(rows.map(({ key }) => key), [...model.keys()].sort());
        });
    });
}

test("idb: a newer build's database opens, and a store that it lacks is added", async () => {
    const factory = new IDBFactory();
    await new Promise<void>((resolve, reject) => {
        const request = factory.open("stockverify-user-1", 7);
        request.onupgradeneeded = () => {
            for (const store of ["records", "of_the_future"]) request.result.createObjectStore(store, { keyPath: "key" });
        };
        request.onsuccess = () => {
            const writing = request.result.transaction(["records"], "readwrite");
            for (let i = 0; i < 500; i++) writing.objectStore("records").put({ key: `r${i}`, stamp: "s", value: { v: 2, more: true } });
            writing.oncomplete = () => {
                request.result.close();
                resolve();
            };
        };
        request.onerror = () => reject(request.error ?? new Error("open"));
    });
    const database = await idbStore({ factory }).open("user-1");
    assert.equal(await database.count("records"), 500);
    assert.equal(await database.write([{ kind: "put", store: "queue", key: "a", stamp: "s", value: 1 }]), true);
});

test("idb: another tab's upgrade closes the connection, and the next call opens it again", async () => {
    const factory = new IDBFactory();
    const database = await idbStore({ factory }).open("user-1");
    await database.write([put("a", 1)]);
    await new Promise<void>((resolve, reject) => {
        const request = factory.open("stockverify-user-1", 5);
        request.onupgradeneeded = () => request.result.createObjectStore("new");
        request.onsuccess = () => {
            request.result.close();
            resolve();
        };
        request.onblocked = () => reject(new Error("the old connection stands in the way"));
    });
    assert.equal(await database.count("records"), 1);
    assert.equal(await database.write([put("b", 1)]), true);
});

test("idb: no room is an error, and nothing of the write is there", async () => {
    const factory = new IDBFactory();
    const database = await idbStore({ factory }).open("full");
    await database.write([put("a", 1)]);
    const { IDBObjectStore } = await import("fake-indexeddb");
    const { put: original, add } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = IDBObjectStore.prototype.add = () => {
        throw new DOMException("full", "QuotaExceededError");
    };
    try {
        await assert.rejects(database.write([put("b", 1)]), StorageFull);
        await assert.rejects(database.write([put("b", 1, { expect: null })]), StorageFull);
        await assert.rejects(database.revise({ store: "records", from: "a", through: "a" }, [], () => [{ kind: "delete", store: "records", key: "a" }, put("b", 1)]), StorageFull);
    } finally {
        Object.assign(IDBObjectStore.prototype, { put: original, add });
    }
    assert.deepEqual(await keysOf(database), ["a"]);
});

test("idb: room that ends while a transaction is committed is an error, too", async () => {
    const factory = new IDBFactory();
    const { IDBTransaction } = await import("fake-indexeddb");
    const database = await idbStore({ factory }).open("full");
    await database.write([put("a", 1)]);
    const { commit } = IDBTransaction.prototype;
    IDBTransaction.prototype.commit = function () {
        Object.defineProperty(this, "error", { value: new DOMException("full", "QuotaExceededError") });
        this.abort();
    };
    try {
        await assert.rejects(database.write([put("b", 1)]), StorageFull);
        await assert.rejects(database.write([put("b", 1, { expect: null })]), StorageFull);
    } finally {
        IDBTransaction.prototype.commit = commit;
    }
    assert.deepEqual(await keysOf(database), ["a"]);
});

test("idb: a browser without it says so when it is needed, not before", async () => {
    const store = idbStore();
    await assert.rejects(async () => (await store.open("none")).count("records"), NoStorage);
    const refusing = { open: () => { throw new DOMException("no", "SecurityError"); } } as unknown as IDBFactory;
    await assert.rejects(async () => (await idbStore({ factory: refusing }).open("none")).count("records"), NoStorage);
});

test("sqlite: who is told that a file is locked while another makes it makes it afterwards", async () => {
    const shell = sqliteShell(join(folder, "made.db"));
    closing.push(shell.close);
    let refusals = 2;
    const store = sqliteStore((sql, parameters) => {
        if (sql.includes("journal_mode") && refusals-- > 0) throw new Error("database is locked (5)");
        return shell.exec(sql, parameters);
    });
    const database = await store.open("one");
    await database.write([put("a", 1)]);
    assert.deepEqual(await keysOf(database), ["a"]);
    const broken = await sqliteStore(() => Promise.reject(new Error("unable to open database file"))).open("one");
    await assert.rejects(broken.count("records"), /unable to open/);
});

test("sqlite: processes that share a file take turns", async () => {
    const path = join(folder, "locks.db");
    const locks = [sqliteShell(path), sqliteShell(path)].map((shell) => {
        closing.push(shell.close);
        return sqliteLock(shell.exec, webPlatform());
    });
    let inside = 0;
    let most = 0;
    const turn = async (): Promise<void> => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inside -= 1;
    };
    await Promise.all([0, 1, 0, 1, 0, 1].map((which) => locks[which]?.("refresh", turn)));
    assert.equal(most, 1);
});
