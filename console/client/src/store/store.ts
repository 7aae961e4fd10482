/**
 * What the client keeps on the device: named databases (one for the device, one for each user) of rows under text keys,
 * in stores. A write is atomic and, when its promise resolves, durable where it needs to be.
 */
export interface Store {
    /** Opens a database, making it and whatever stores it lacks. One made by a newer version opens, too. */
    open(name: string): Promise<Database>;
}

/** Rows are found by key or by the beginning of keys; keys sort by code units. */
export interface Database {
    get(store: StoreName, key: string): Promise<Row | undefined>;
    /** As many `get`s, in their order. */
    getMany(store: StoreName, keys: readonly string[]): Promise<(Row | undefined)[]>;
    /** Rows whose keys begin so, in the order of their keys. */
    scan(store: StoreName, range?: Range): Promise<Row[]>;
    /** Rows whose keys begin so, and the keys of a span of another store that they lead to, all as they were at one moment. */
    scanBeside(store: StoreName, prefix: string, beside: StoreName, span: (rows: readonly Row[]) => Ends | undefined): Promise<{ rows: Row[]; keys: string[] }>;
    count(store: StoreName, prefix?: string): Promise<number>;
    /** All of it, or, when a row is not as `expect` says, nothing of it and `false`. */
    write(changes: readonly Change[], need?: Need): Promise<boolean>;
    /** Writes what `change` makes of a span's rows, in their order: nobody writes them in between. `touching`: the stores it writes. */
    revise(span: Span, touching: readonly StoreName[], change: (rows: readonly Row[]) => readonly Revision[], need?: Need): Promise<void>;
    close(): void;
}

/** `kept`, unless told. `recoverable`: what a lost battery takes of it comes back by itself, so that the disk need not be waited for. */
export type Need = "kept" | "recoverable";

export interface Range {
    prefix?: string;
    /** Only keys behind this one. */
    after?: string;
    limit?: number;
    /** From the last key back. */
    backwards?: boolean;
}

/** From one key to another, both among them. */
export interface Ends {
    from: string;
    through: string;
}

/** The rows of a store between two keys. */
export interface Span extends Ends {
    store: StoreName;
}

export interface Row {
    key: string;
    /** Changes with each write: what `expect` compares. */
    stamp: string;
    value: unknown;
    bytes?: Uint8Array;
}

export type Change = Put | Delete;

export interface Put {
    kind: "put";
    store: StoreName;
    key: string;
    stamp: string;
    value: unknown;
    bytes?: Uint8Array;
    expect?: Expected;
}

export interface Delete {
    kind: "delete";
    store: StoreName;
    key: string;
    expect?: Expected;
}

/** A change of what was just read, or the end of all rows of a span. */
export type Revision = Omit<Put, "expect"> | Omit<Delete, "expect"> | ({ kind: "clear" } & Span);

/** The stamp the row must have; `null`: there must be no such row. */
export type Expected = string | null;

/** Stores are only ever added: a row of an older or newer version is found where it was. */
export const storeNames = [
    "state",
    "sessions",
    "records",
    "queue",
    "conflicts",
    "lines",
    "unknown_items",
    "photos",
    "racks",
    "items",
    "codes",
] as const;

export type StoreName = (typeof storeNames)[number];

/** The browser gives this page nothing to keep anything in: private browsing, or a setting. */
export class NoStorage extends Error {
    override readonly name = "NoStorage";
}

/** The device has no room: nothing of the write was kept. */
export class StorageFull extends Error {
    override readonly name = "StorageFull";
}
