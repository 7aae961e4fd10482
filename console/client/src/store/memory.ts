import type { Change, Database, Ends, Expected, Range, Revision, Row, Span, Store, StoreName } from "./store.js";

/** Rows of one store, with their keys in order. */
class Rows {
    readonly #rows = new Map<string, Row>();
    readonly #keys: string[] = [];

    /** Where `key` stands, or would. */
    #place(key: string): number {
        let low = 0;
        let high = this.#keys.length;
        while (low < high) {
            const middle = (low + high) >>> 1;
            if ((this.#keys[middle] ?? "") < key) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    get(key: string): Row | undefined {
        return this.#rows.get(key);
    }

    put(row: Row): void {
        if (!this.#rows.has(row.key)) this.#keys.splice(this.#place(row.key), 0, row.key);
        this.#rows.set(row.key, row);
    }

    delete(key: string): void {
        if (this.#rows.delete(key)) this.#keys.splice(this.#place(key), 1);
    }

    between({ from, through }: Ends): string[] {
        const found: string[] = [];
        for (let i = this.#place(from); i < this.#keys.length && (this.#keys[i] ?? "") <= through; i++) found.push(this.#keys[i] ?? "");
        return found;
    }

    keys({ prefix = "", after, limit = Number.POSITIVE_INFINITY, backwards = false }: Range): string[] {
        const found: string[] = [];
        if (backwards) {
            for (let i = this.#keys.length - 1; i >= 0 && found.length < limit; i--) {
                const key = this.#keys[i] ?? "";
                if (key.startsWith(prefix) && (after === undefined || key > after)) found.push(key);
                else if (key < prefix) break;
            }
            return found;
        }
        const from = after !== undefined && after > prefix ? after : prefix;
        for (let i = this.#place(from); i < this.#keys.length && found.length < limit; i++) {
            const key = this.#keys[i] ?? "";
            if (!key.startsWith(prefix)) break;
            if (after === undefined || key > after) found.push(key);
        }
        return found;
    }
}

class MemoryDatabase implements Database {
    readonly #stores = new Map<StoreName, Rows>();

    #rows(store: StoreName): Rows {
        let rows = this.#stores.get(store);
        if (rows === undefined) {
            rows = new Rows();
            this.#stores.set(store, rows);
        }
        return rows;
    }

    get(store: StoreName, key: string): Promise<Row | undefined> {
        return Promise.resolve(structuredClone(this.#rows(store).get(key)));
    }

    getMany(store: StoreName, keys: readonly string[]): Promise<(Row | undefined)[]> {
        return Promise.all(keys.map((key) => this.get(store, key)));
    }

    scan(store: StoreName, range: Range = {}): Promise<Row[]> {
        const rows = this.#rows(store);
        return Promise.resolve(rows.keys(range).flatMap((key) => structuredClone(rows.get(key)) ?? []));
    }

    scanBeside(store: StoreName, prefix: string, beside: StoreName, span: (rows: readonly Row[]) => Ends | undefined): Promise<{ rows: Row[]; keys: string[] }> {
        const found = this.#rows(store).keys({ prefix }).flatMap((key) => structuredClone(this.#rows(store).get(key)) ?? []);
        const ends = span(found);
        return Promise.resolve({ rows: found, keys: ends === undefined ? [] : this.#rows(beside).between(ends) });
    }

    count(store: StoreName, prefix = ""): Promise<number> {
        return Promise.resolve(this.#rows(store).keys({ prefix }).length);
    }

    #isAsExpected(store: StoreName, key: string, expect: Expected | undefined): boolean {
        return expect === undefined || (this.#rows(store).get(key)?.stamp ?? null) === expect;
    }

    write(changes: readonly Change[]): Promise<boolean> {
        if (!changes.every(({ store, key, expect }) => this.#isAsExpected(store, key, expect))) return Promise.resolve(false);
        this.#apply(changes);
        return Promise.resolve(true);
    }

    revise(span: Span, _: readonly StoreName[], change: (rows: readonly Row[]) => readonly Revision[]): Promise<void> {
        const rows = this.#rows(span.store);
        this.#apply(change(rows.between(span).flatMap((key) => structuredClone(rows.get(key)) ?? [])));
        return Promise.resolve();
    }

    #apply(changes: readonly (Change | Revision)[]): void {
        for (const change of structuredClone(changes)) {
            const rows = this.#rows(change.store);
            if (change.kind === "delete") {
                rows.delete(change.key);
            } else if (change.kind === "clear") {
                for (const key of rows.between(change)) rows.delete(key);
            } else {
                const { key, stamp, value, bytes } = change;
                rows.put(bytes === undefined ? { key, stamp, value } : { key, stamp, value, bytes });
            }
        }
    }

    close(): void {
        // What is in memory stays for the next who opens it.
    }
}

/** Keeps everything as long as this object lives. */
export function memoryStore(): Store {
    const databases = new Map<string, Database>();
    return {
        open(name) {
            let database = databases.get(name);
            if (database === undefined) {
                database = new MemoryDatabase();
                databases.set(name, database);
            }
            return Promise.resolve(database);
        },
    };
}
