import { type Change, type Database, type Ends, type Expected, type Need, NoStorage, type Range, type Revision, type Row, type Span, StorageFull, type Store, type StoreName, storeNames } from "./store.js";

export interface IdbOptions {
    /** What stands before the databases' names. */
    prefix?: string;
    /** `relaxed` gives durability against a lost battery away for speed. */
    durability?: "strict" | "relaxed";
    factory?: IDBFactory;
}

function fault(error: unknown): Error {
    if (error instanceof Error && error.name === "QuotaExceededError") return new StorageFull(error.message);
    return error instanceof Error ? error : new Error(String(error));
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(fault(request.error));
    });
}

function keyRange({ prefix = "", after }: Range): IDBKeyRange | undefined {
    const behind = prefix === "" ? undefined : `${prefix}\uffff`;
    const from = after !== undefined && after >= prefix ? after : undefined;
    if (behind === undefined) return from === undefined ? undefined : IDBKeyRange.lowerBound(from, true);
    return IDBKeyRange.bound(from ?? prefix, behind, from !== undefined, true);
}

/** A browser that keeps nothing here has none, or refuses whatever is asked of it. */
function noStorage(error: unknown): Error {
    const isRefused = error instanceof Error && (error.name === "SecurityError" || error.name === "InvalidStateError");
    return isRefused ? new NoStorage(error.message) : fault(error);
}

function beginOpening(factory: IDBFactory | undefined, name: string, version: number | undefined): IDBOpenDBRequest {
    if (factory == null) throw new NoStorage("this browser has no IndexedDB");
    try {
        return version === undefined ? factory.open(name) : factory.open(name, version);
    } catch (error) {
        throw noStorage(error);
    }
}

function openAt(factory: IDBFactory | undefined, name: string, version: number | undefined): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
        const request = beginOpening(factory, name, version);
        request.onupgradeneeded = () => {
            for (const store of storeNames) {
                if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store, { keyPath: "key" });
            }
        };
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(noStorage(request.error));
    });
}

/** Whatever version it has is taken, so that an older build opens what a newer one left; stores that it lacks are added. */
async function openWhole(factory: IDBFactory | undefined, name: string): Promise<IDBDatabase> {
    const database = await openAt(factory, name, undefined);
    if (storeNames.every((store) => database.objectStoreNames.contains(store))) return database;
    const version = database.version + 1;
    database.close();
    try {
        return await openAt(factory, name, version);
    } catch (error) {
        // Another tab did the same meanwhile.
        if (error instanceof Error && error.name === "VersionError") return openWhole(factory, name);
        throw error;
    }
}

class IdbDatabase implements Database {
    #connection: Promise<IDBDatabase> | undefined;

    constructor(
        private readonly factory: IDBFactory | undefined,
        private readonly name: string,
        private readonly durability: "strict" | "relaxed",
    ) {}

    /** Opened when needed, and again after another tab's upgrade had it closed. */
    async #open(): Promise<IDBDatabase> {
        this.#connection ??= openWhole(this.factory, this.name).then((database) => {
            const forget = (): void => {
                this.#connection = undefined;
            };
            database.onversionchange = () => {
                forget();
                database.close();
            };
            database.onclose = forget;
            return database;
        });
        try {
            return await this.#connection;
        } catch (error) {
            this.#connection = undefined;
            throw error;
        }
    }

    /** A transaction; once more where the connection was closed between. */
    async #transaction(stores: StoreName[], mode: IDBTransactionMode, durability: "strict" | "relaxed" = "relaxed"): Promise<IDBTransaction> {
        const begin = async (): Promise<IDBTransaction> => (await this.#open()).transaction(stores, mode, { durability });
        try {
            return await begin();
        } catch (error) {
            if (!(error instanceof Error) || error.name !== "InvalidStateError") throw error;
            this.#connection = undefined;
            return begin();
        }
    }

    async get(store: StoreName, key: string): Promise<Row | undefined> {
        const transaction = await this.#transaction([store], "readonly");
        return answered(transaction.objectStore(store).get(key) as IDBRequest<Row | undefined>);
    }

    async getMany(store: StoreName, keys: readonly string[]): Promise<(Row | undefined)[]> {
        if (keys.length === 0) return [];
        const rows = (await this.#transaction([store], "readonly")).objectStore(store);
        return Promise.all(keys.map((key) => answered(rows.get(key) as IDBRequest<Row | undefined>)));
    }

    async scan(store: StoreName, range: Range = {}): Promise<Row[]> {
        const rows = (await this.#transaction([store], "readonly")).objectStore(store);
        if (range.backwards !== true) return answered(rows.getAll(keyRange(range), range.limit) as IDBRequest<Row[]>);
        return new Promise((resolve, reject) => {
            const found: Row[] = [];
            const request = rows.openCursor(keyRange(range), "prev");
            request.onerror = () => reject(fault(request.error));
            request.onsuccess = () => {
                const cursor = request.result;
                if (cursor === null || found.length >= (range.limit ?? Number.POSITIVE_INFINITY)) return resolve(found);
                found.push(cursor.value as Row);
                cursor.continue();
            };
        });
    }

    async scanBeside(store: StoreName, prefix: string, beside: StoreName, span: (rows: readonly Row[]) => Ends | undefined): Promise<{ rows: Row[]; keys: string[] }> {
        const transaction = await this.#transaction([store, beside], "readonly");
        return new Promise((resolve, reject) => {
            const request = transaction.objectStore(store).getAll(keyRange({ prefix })) as IDBRequest<Row[]>;
            request.onerror = () => reject(fault(request.error));
            request.onsuccess = () => {
                const rows = request.result;
                const ends = span(rows);
                if (ends === undefined) return resolve({ rows, keys: [] });
                const keys = transaction.objectStore(beside).getAllKeys(IDBKeyRange.bound(ends.from, ends.through)) as IDBRequest<string[]>;
                answered(keys).then((found) => resolve({ rows, keys: found }), reject);
            };
        });
    }

    async count(store: StoreName, prefix = ""): Promise<number> {
        const transaction = await this.#transaction([store], "readonly");
        return answered(transaction.objectStore(store).count(keyRange({ prefix })));
    }

    async write(changes: readonly Change[], need: Need = "kept"): Promise<boolean> {
        if (changes.length === 0) return true;
        const transaction = await this.#writing([...new Set(changes.map(({ store }) => store))], need);
        return new Promise((resolve, reject) => {
            let differs = false;
            transaction.oncomplete = () => resolve(true);
            transaction.onabort = () => (differs ? resolve(false) : reject(fault(transaction.error ?? new Error("the write was aborted"))));
            const otherwise = (): void => {
                differs = true;
            };
            this.#check(transaction, changes, {
                asExpected: () => apply(transaction, () => changes, reject, otherwise),
                otherwise: () => {
                    otherwise();
                    transaction.abort();
                },
            });
        });
    }

    async revise({ store, from, through }: Span, touching: readonly StoreName[], change: (rows: readonly Row[]) => readonly Revision[], need: Need = "kept"): Promise<void> {
        const transaction = await this.#writing([...new Set([store, ...touching])], need);
        return new Promise((resolve, reject) => {
            transaction.oncomplete = () => resolve();
            transaction.onabort = () => reject(fault(transaction.error ?? new Error("the write was aborted")));
            const request = transaction.objectStore(store).getAll(IDBKeyRange.bound(from, through)) as IDBRequest<Row[]>;
            request.onsuccess = () => apply(transaction, () => change(request.result), reject);
        });
    }

    #writing(stores: StoreName[], need: Need): Promise<IDBTransaction> {
        return this.#transaction(stores, "readwrite", need === "kept" ? this.durability : "relaxed");
    }

    /** What must be as it was. That a row is new shows when it is added. */
    #check(transaction: IDBTransaction, changes: readonly Change[], then: { asExpected(): void; otherwise(): void }): void {
        const checks = changes.filter((change): change is Change & { expect: Expected } => change.expect !== undefined && !isNew(change));
        let left = checks.length;
        let failed = false;
        if (left === 0) then.asExpected();
        for (const { store, key, expect } of checks) {
            const request = transaction.objectStore(store).get(key) as IDBRequest<Row | undefined>;
            request.onsuccess = () => {
                if (failed) return;
                if ((request.result?.stamp ?? null) !== expect) {
                    failed = true;
                    return then.otherwise();
                }
                left -= 1;
                if (left === 0) then.asExpected();
            };
        }
    }

    close(): void {
        void this.#connection?.then((database) => database.close()).catch(() => undefined);
        this.#connection = undefined;
    }
}

function isNew(change: Change | Revision): boolean {
    return change.kind === "put" && "expect" in change && change.expect === null;
}

/** `exists`: a row that was to be new is there; the transaction aborts by that. */
function apply(transaction: IDBTransaction, changes: () => readonly (Change | Revision)[], reject: (error: Error) => void, exists?: () => void): void {
    try {
        for (const change of changes()) {
            const rows = transaction.objectStore(change.store);
            if (change.kind === "delete") {
                rows.delete(change.key);
            } else if (change.kind === "clear") {
                rows.delete(IDBKeyRange.bound(change.from, change.through));
            } else {
                const { key, stamp, value, bytes } = change;
                const row: Row = bytes === undefined ? { key, stamp, value } : { key, stamp, value, bytes };
                if (!isNew(change)) {
                    rows.put(row);
                    continue;
                }
                const request = rows.add(row);
                request.onerror = () => {
                    if (request.error?.name === "ConstraintError") exists?.();
                };
            }
        }
        // Nothing more is to come: its end need not wait for the answers to what was asked.
        transaction.commit();
    } catch (error) {
        reject(fault(error));
        transaction.abort();
    }
}

/** IndexedDB: a write resolves when its transaction is complete, on the disk unless `durability` says otherwise. */
export function idbStore({ prefix = "stockverify-", durability = "strict", factory = globalThis.indexedDB as IDBFactory | undefined }: IdbOptions = {}): Store {
    return {
        open: (name) => Promise.resolve(new IdbDatabase(factory, prefix + name, durability)),
    };
}
