import { moved, outboxKey, setAside, waiting } from "./keys.js";
import type { Platform } from "./platform.js";
import type { Change, Database, Row, StoreName } from "./store/store.js";

/** A row that waits to be sent. */
export interface Waiting<T> {
    key: string;
    stamp: string;
    value: T;
    bytes?: Uint8Array;
}

/** What is sent beside the records, and refuses none of them: scans, unknown items, photos. */
export class Shelf<T extends { v: 1 }> {
    #order = 0;

    constructor(
        private readonly platform: Platform,
        private readonly database: Database,
        private readonly store: StoreName & ("lines" | "unknown_items" | "photos"),
    ) {}

    async open(): Promise<this> {
        const [last] = await this.database.scan(this.store, { prefix: waiting, backwards: true, limit: 1 });
        this.#order = Number((last?.key ?? waiting).slice(waiting.length, waiting.length + 14));
        return this;
    }

    row(id: string, value: T, bytes?: Uint8Array): Change {
        const row: Change = { kind: "put", store: this.store, key: outboxKey(waiting, ++this.#order, id), stamp: this.platform.uuid(), value, expect: null };
        return bytes === undefined ? row : { ...row, bytes };
    }

    async next(limit: number, after?: string): Promise<Waiting<T>[]> {
        const rows = await this.database.scan(this.store, after === undefined ? { prefix: waiting, limit } : { prefix: waiting, limit, after });
        return rows.map(toWaiting<T>);
    }

    async all(): Promise<T[]> {
        return (await this.database.scan(this.store)).map(({ value }) => value as T);
    }

    count(): Promise<number> {
        return this.database.count(this.store, waiting);
    }

    async sent(rows: readonly Waiting<T>[]): Promise<void> {
        await this.database.write(rows.map(({ key }) => ({ kind: "delete", store: this.store, key })));
    }

    /** Kept for a person to see in an export; it stands in nobody's way. */
    async refuse(rows: readonly Waiting<T>[], message: string): Promise<void> {
        const changes = rows.flatMap((row): Change[] => {
            const aside: Change = { kind: "put", store: this.store, key: moved(row.key, setAside), stamp: this.platform.uuid(), value: { ...row.value, refused: message } };
            return [{ kind: "delete", store: this.store, key: row.key }, row.bytes === undefined ? aside : { ...aside, bytes: row.bytes }];
        });
        await this.database.write(changes);
    }
}

function toWaiting<T>({ key, stamp, value, bytes }: Row): Waiting<T> {
    return { key, stamp, value: value as T, ...(bytes === undefined ? {} : { bytes }) };
}
