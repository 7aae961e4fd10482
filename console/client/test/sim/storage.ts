import { rmSync } from "node:fs";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { idbStore } from "../../src/store/idb.js";
import { memoryStore } from "../../src/store/memory.js";
import { sqliteStore } from "../../src/store/sqlite.js";
import { type Revision, StorageFull, type Store } from "../../src/store/store.js";
import { sqliteShell } from "../sqlite_exec.js";

globalThis.IDBKeyRange = IDBKeyRange;

/** One tab's, or one process', way to what a device keeps. */
export interface TabStorage {
    store: Store;
    /** In the middle of whatever it is at. `isDone`: what was begun ends well, though nobody hears of it, or is taken back. */
    die(isDone: () => boolean): void;
}

/** What a device keeps: it outlives its tabs. */
export interface DeviceStorage {
    open(): TabStorage;
    /** Nothing more fits. */
    full: boolean;
    /** A tab of a newer build adds a store to every database. */
    upgrade(): Promise<void>;
    close(): void;
}

export type StorageKind = "memory" | "idb" | "sqlite";

class Memory implements DeviceStorage {
    full = false;
    readonly #store = memoryStore();

    open(): TabStorage {
        const store: Store = {
            open: async (name) => {
                const database = await this.#store.open(name);
                return {
                    get: (from, key) => database.get(from, key),
                    getMany: (from, keys) => database.getMany(from, keys),
                    scan: (from, range) => database.scan(from, range),
                    scanBeside: (from, prefix, beside, span) => database.scanBeside(from, prefix, beside, span),
                    count: (from, prefix) => database.count(from, prefix),
                    write: (changes) => (this.full && changes.some(({ kind }) => kind === "put") ? Promise.reject(new StorageFull("full")) : database.write(changes)),
                    revise: (span, touching, change) => {
                        const refuse = (changes: readonly Revision[]): readonly Revision[] => {
                            if (this.full && changes.some(({ kind }) => kind === "put")) throw new StorageFull("full");
                            return changes;
                        };
                        return database.revise(span, touching, (rows) => refuse(change(rows)));
                    },
                    close: () => undefined,
                };
            },
        };
        return { store, die: () => undefined };
    }

    upgrade(): Promise<void> {
        return Promise.resolve();
    }

    close(): void {
        // It is gone with the test.
    }
}

class Idb implements DeviceStorage {
    full = false;
    readonly #factory = new IDBFactory();

    open(): TabStorage {
        const connections = new Set<IDBDatabase>();
        const running = new Set<IDBTransaction>();
        const watch = (connection: IDBDatabase): void => {
            connections.add(connection);
            const begin = connection.transaction.bind(connection);
            connection.transaction = (stores, mode, options) => {
                const transaction = begin(stores, mode, options);
                running.add(transaction);
                for (const end of ["complete", "abort"]) transaction.addEventListener(end, () => running.delete(transaction));
                if (this.full && mode === "readwrite") refusePuts(transaction);
                return transaction;
            };
        };
        const open = (name: string, version?: number): IDBOpenDBRequest => {
            const request = this.#factory.open(name, version);
            request.addEventListener("success", () => watch(request.result));
            return request;
        };
        const die = (isDone: () => boolean): void => {
            for (const transaction of running) if (!isDone()) takeBack(transaction);
            for (const connection of connections) connection.close();
        };
        return { store: idbStore({ factory: { open } as IDBFactory }), die };
    }

    async upgrade(): Promise<void> {
        for (const { name, version } of await this.#factory.databases()) {
            await new Promise<void>((resolve, reject) => {
                const request = this.#factory.open(name ?? "", (version ?? 0) + 1);
                request.onupgradeneeded = () => request.result.createObjectStore(`of_build_${request.result.version}`);
                request.onblocked = () => reject(new Error("a tab stands in the way of the upgrade"));
                request.onerror = () => reject(request.error ?? new Error("upgrade"));
                request.onsuccess = () => {
                    request.result.close();
                    resolve();
                };
            });
        }
    }

    close(): void {
        // It is gone with the test.
    }
}

function takeBack(transaction: IDBTransaction): void {
    try {
        transaction.abort();
    } catch {
        // It was committed, and nobody had heard of it yet.
    }
}

function refusePuts(transaction: IDBTransaction): void {
    const find = transaction.objectStore.bind(transaction);
    transaction.objectStore = (name) => {
        const rows = find(name);
        rows.put = rows.add = () => {
            throw new DOMException("full", "QuotaExceededError");
        };
        return rows;
    };
}

let files = 0;

/** A process of its own for each tab, which is killed with it. */
class Sqlite implements DeviceStorage {
    full = false;
    readonly #path = `/dev/shm/stockverify-${process.pid}-${files++}.db`;
    readonly #shells = new Set<() => void>();

    open(): TabStorage {
        const shell = sqliteShell(this.#path);
        this.#shells.add(shell.close);
        const store = sqliteStore((sql, parameters) => {
            if (this.full && sql.startsWith("INSERT")) throw new Error("database or disk is full");
            return shell.exec(sql, parameters);
        });
        return { store, die: () => shell.kill() };
    }

    upgrade(): Promise<void> {
        return Promise.resolve();
    }

    close(): void {
        for (const close of this.#shells) close();
        for (const end of ["", "-wal", "-shm"]) rmSync(this.#path + end, { force: true });
    }
}

export function storageOf(kind: StorageKind): DeviceStorage {
    return kind === "memory" ? new Memory() : kind === "idb" ? new Idb() : new Sqlite();
}
