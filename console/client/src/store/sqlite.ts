import type { Lock, Platform } from "../platform.js";
import { type Change, type Database, type Ends, type Range, type Revision, type Row, type Span, StorageFull, type Store, type StoreName } from "./store.js";

export type SqliteValue = string | number | null | Uint8Array;
export type SqliteRow = { [column: string]: unknown };

/** Runs one statement with its parameters on one connection and gives its rows. */
export type SqliteExec = (sql: string, parameters: readonly SqliteValue[]) => SqliteRow[] | Promise<SqliteRow[]>;

const tables = [
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    `CREATE TABLE IF NOT EXISTS stockverify_rows (
        database TEXT NOT NULL, store TEXT NOT NULL, key TEXT NOT NULL, stamp TEXT NOT NULL, value TEXT NOT NULL, bytes BLOB,
        PRIMARY KEY (database, store, key)) WITHOUT ROWID`,
    "CREATE TABLE IF NOT EXISTS stockverify_locks (name TEXT PRIMARY KEY, owner TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID",
];

/** Others may be making the same file; not for ever. */
const attempts = 20;

/** Statements of one connection, transactions whole, one after the other. */
class Connection {
    readonly #ready: Promise<void>;
    #last: Promise<unknown> = Promise.resolve();

    constructor(private readonly exec: SqliteExec) {
        this.#ready = this.#prepare();
        this.#ready.catch(() => undefined);
    }

    async #each(statements: readonly string[]): Promise<void> {
        for (const statement of statements) await this.exec(statement, []);
    }

    /** Of two that make a file at the same time SQLite tells one at once that it is locked, however long that would wait. */
    async #prepare(): Promise<void> {
        for (let attempt = 1; ; attempt++) {
            try {
                return await this.#each(tables);
            } catch (error) {
                if (attempt === attempts || !(error instanceof Error) || !/locked|busy/i.test(error.message)) throw error;
                // This waits for the other.
                await this.#each(["BEGIN IMMEDIATE", "COMMIT"]);
            }
        }
    }

    #behind<T>(body: () => Promise<T>): Promise<T> {
        const before = this.#last;
        const run = this.#ready.then(() => before).then(body);
        this.#last = run.catch(() => undefined);
        return run;
    }

    query(sql: string, parameters: readonly SqliteValue[]): Promise<SqliteRow[]> {
        return this.#behind(async () => this.exec(sql, parameters));
    }

    /** Commits when `body` says true, else takes all of it back. */
    transaction(body: (exec: SqliteExec) => Promise<boolean>): Promise<boolean> {
        return this.#behind(async () => {
            await this.exec("BEGIN IMMEDIATE", []);
            try {
                const done = await body(this.exec);
                await this.exec(done ? "COMMIT" : "ROLLBACK", []);
                return done;
            } catch (error) {
                await Promise.resolve(this.exec("ROLLBACK", [])).catch(() => undefined);
                if (error instanceof Error && /full|SQLITE_FULL|quota/i.test(error.message)) throw new StorageFull(error.message);
                throw error;
            }
        });
    }
}

/** One for each `exec`, whoever asks: transactions of a connection can't overlap. */
const connections = new WeakMap<SqliteExec, Connection>();

function connectionOf(exec: SqliteExec): Connection {
    let connection = connections.get(exec);
    if (connection === undefined) {
        connection = new Connection(exec);
        connections.set(exec, connection);
    }
    return connection;
}

/** Older builds of SQLite take 999 in a statement. */
const mostParameters = 500;

/** Behind every key that begins so: SQLite compares bytes of UTF-8, in which this is the last sign. */
const lastSign = "\u{10ffff}";

function toRow(found: SqliteRow): Row {
    const row: Row = { key: String(found["key"]), stamp: String(found["stamp"]), value: JSON.parse(String(found["value"])) as unknown };
    if (found["bytes"] instanceof Uint8Array) row.bytes = found["bytes"];
    return row;
}

class SqliteDatabase implements Database {
    constructor(
        private readonly connection: Connection,
        private readonly name: string,
    ) {}

    async get(store: StoreName, key: string): Promise<Row | undefined> {
        const sql = "SELECT key, stamp, value, bytes FROM stockverify_rows WHERE database = ? AND store = ? AND key = ?";
        return (await this.connection.query(sql, [this.name, store, key])).map(toRow)[0];
    }

    async getMany(store: StoreName, keys: readonly string[]): Promise<(Row | undefined)[]> {
        const found = new Map<string, Row>();
        for (let from = 0; from < keys.length; from += mostParameters) {
            const some = keys.slice(from, from + mostParameters);
            const sql = `SELECT key, stamp, value, bytes FROM stockverify_rows WHERE database = ? AND store = ? AND key IN (${some.map(() => "?").join(", ")})`;
            for (const row of (await this.connection.query(sql, [this.name, store, ...some])).map(toRow)) found.set(row.key, row);
        }
        return keys.map((key) => found.get(key));
    }

    async scan(store: StoreName, { prefix = "", after, limit, backwards = false }: Range = {}): Promise<Row[]> {
        const sql = `SELECT key, stamp, value, bytes FROM stockverify_rows WHERE database = ? AND store = ? AND key >= ? AND key < ?
            AND key > ? ORDER BY key ${backwards ? "DESC" : "ASC"} LIMIT ?`;
        return (await this.connection.query(sql, [this.name, store, prefix, prefix + lastSign, after ?? "", limit ?? -1])).map(toRow);
    }

    async scanBeside(store: StoreName, prefix: string, beside: StoreName, span: (rows: readonly Row[]) => Ends | undefined): Promise<{ rows: Row[]; keys: string[] }> {
        let rows: Row[] = [];
        let keys: string[] = [];
        await this.connection.transaction(async (exec) => {
            const begun = "SELECT key, stamp, value, bytes FROM stockverify_rows WHERE database = ? AND store = ? AND key >= ? AND key < ? ORDER BY key";
            rows = (await exec(begun, [this.name, store, prefix, prefix + lastSign])).map(toRow);
            const ends = span(rows);
            if (ends === undefined) return true;
            const between = "SELECT key FROM stockverify_rows WHERE database = ? AND store = ? AND key >= ? AND key <= ? ORDER BY key";
            keys = (await exec(between, [this.name, beside, ends.from, ends.through])).map(({ key }) => String(key));
            return true;
        });
        return { rows, keys };
    }

    async count(store: StoreName, prefix = ""): Promise<number> {
        const sql = "SELECT count(*) AS n FROM stockverify_rows WHERE database = ? AND store = ? AND key >= ? AND key < ?";
        return Number((await this.connection.query(sql, [this.name, store, prefix, prefix + lastSign]))[0]?.["n"] ?? 0);
    }

    write(changes: readonly Change[]): Promise<boolean> {
        return this.connection.transaction(async (exec) => {
            for (const change of changes) if (!(await this.#isAsExpected(exec, change))) return false;
            for (const change of changes) await this.#apply(exec, change);
            return true;
        });
    }

    async revise({ store, from, through }: Span, _: readonly StoreName[], change: (rows: readonly Row[]) => readonly Revision[]): Promise<void> {
        await this.connection.transaction(async (exec) => {
            const sql = "SELECT key, stamp, value, bytes FROM stockverify_rows WHERE database = ? AND store = ? AND key >= ? AND key <= ? ORDER BY key";
            for (const each of change((await exec(sql, [this.name, store, from, through])).map(toRow))) await this.#apply(exec, each);
            return true;
        });
    }

    async #isAsExpected(exec: SqliteExec, { store, key, expect }: Change): Promise<boolean> {
        if (expect === undefined) return true;
        const rows = await exec("SELECT stamp FROM stockverify_rows WHERE database = ? AND store = ? AND key = ?", [this.name, store, key]);
        return ((rows[0]?.["stamp"] as string | undefined) ?? null) === expect;
    }

    async #apply(exec: SqliteExec, change: Change | Revision): Promise<void> {
        if (change.kind === "clear") {
            await exec("DELETE FROM stockverify_rows WHERE database = ? AND store = ? AND key >= ? AND key <= ?", [this.name, change.store, change.from, change.through]);
            return;
        }
        if (change.kind === "delete") {
            await exec("DELETE FROM stockverify_rows WHERE database = ? AND store = ? AND key = ?", [this.name, change.store, change.key]);
            return;
        }
        await exec("INSERT OR REPLACE INTO stockverify_rows (database, store, key, stamp, value, bytes) VALUES (?, ?, ?, ?, ?, ?)", [
            this.name,
            change.store,
            change.key,
            change.stamp,
            JSON.stringify(change.value),
            change.bytes ?? null,
        ]);
    }

    close(): void {
        // The connection is whose `exec` it is.
    }
}

/** SQLite, by whatever runs its statements: node:sqlite, better-sqlite3, expo-sqlite, op-sqlite. */
export function sqliteStore(exec: SqliteExec): Store {
    const connection = connectionOf(exec);
    return { open: (name) => Promise.resolve(new SqliteDatabase(connection, name)) };
}

/**
 * Locks among processes that share an SQLite file. A holder that dies is passed over after a minute; one that lives says
 * so every twenty seconds.
 */
export function sqliteLock(exec: SqliteExec, platform: Pick<Platform, "wall" | "uuid" | "timer">): Lock {
    const connection = connectionOf(exec);
    const lifetime = 60_000;
    const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => platform.timer(milliseconds, resolve));
    const take = (name: string, owner: string): Promise<boolean> =>
        connection.transaction(async (run) => {
            const held = (await run("SELECT owner, until FROM stockverify_locks WHERE name = ?", [name]))[0];
            const until = Number(held?.["until"] ?? 0);
            // A calendar that was set back must not keep a lock for hours.
            const lives = until > platform.wall() && until <= platform.wall() + lifetime;
            if (held !== undefined && held["owner"] !== owner && lives) return false;
            await run("INSERT OR REPLACE INTO stockverify_locks (name, owner, until) VALUES (?, ?, ?)", [name, owner, platform.wall() + lifetime]);
            return true;
        });
    return async <T>(name: string, body: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
        const owner = platform.uuid();
        while (!(await take(name, owner))) {
            signal?.throwIfAborted();
            await pause(50);
        }
        let renewing = true;
        const renew = (): void => {
            stop = platform.timer(lifetime / 3, () => {
                void take(name, owner)
                    .catch(() => undefined)
                    .then(() => renewing && renew());
            });
        };
        let stop = (): void => undefined;
        renew();
        try {
            return await body();
        } finally {
            renewing = false;
            stop();
            await connection.query("DELETE FROM stockverify_locks WHERE name = ? AND owner = ?", [name, owner]);
        }
    };
}
