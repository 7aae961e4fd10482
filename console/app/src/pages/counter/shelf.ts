/** What is left for so long is of a rack that is over long since. */
const longest = 30 * 24 * 3600_000;

interface Row<T> {
    v: 1;
    at: number;
    value: T;
}

/** Small things that outlive their page, its tab and a logout: rows under a prefix, each with the time it was put there. */
export class Shelf<T> {
    constructor(private readonly prefix: string) {}

    /** Every row by its key; what is too old or can't be read is thrown away. */
    all(): Map<string, T> {
        const found = new Map<string, T>();
        for (const name of Object.keys(localStorage).filter((each) => each.startsWith(this.prefix))) {
            const key = name.slice(this.prefix.length);
            const row = this.#row(key);
            if (row === null || Date.now() - row.at > longest) this.drop(key);
            else found.set(key, row.value);
        }
        return found;
    }

    #row(key: string): Row<T> | null {
        try {
            const row = JSON.parse(localStorage.getItem(this.prefix + key) ?? "null") as Row<T> | null;
            return row?.v === 1 ? row : null;
        } catch {
            return null;
        }
    }

    get(key: string): T | undefined {
        return this.#row(key)?.value;
    }

    /** Whether there was room for it. */
    put(key: string, value: T): boolean {
        try {
            localStorage.setItem(this.prefix + key, JSON.stringify({ v: 1, at: Date.now(), value } satisfies Row<T>));
            return true;
        } catch {
            return false;
        }
    }

    drop(key: string): void {
        localStorage.removeItem(this.prefix + key);
    }

    /** Calls back when another tab changed a row. */
    onOtherTab(changed: () => void): void {
        addEventListener("storage", (event) => {
            if (event.key === null || event.key.startsWith(this.prefix)) changed();
        });
    }
}
