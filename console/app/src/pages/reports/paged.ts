import { useRef } from "preact/hooks";
import { reportFault } from "../../faults.js";
import { type Loaded, useLoad } from "../../load.js";

interface PageOf<Item> {
    items: Item[];
    next_cursor: string | null;
}

export interface Paged<Head extends PageOf<Item>, Item> extends Loaded<Head> {
    /** Asks for what follows, once at a time. */
    more: () => void;
}

/** A list that comes page by page: the first when it opens, each other when its end is near. */
export function usePaged<Item, Head extends PageOf<Item>>(load: (cursor: string | undefined, signal: AbortSignal) => Promise<Head>, dependencies: readonly unknown[]): Paged<Head, Item> {
    const loaded = useLoad((signal) => load(undefined, signal), dependencies);
    const asking = useRef<string | null>(null);
    const { data } = loaded;
    const more = (): void => {
        const cursor = data?.next_cursor ?? null;
        if (data === undefined || cursor === null || asking.current === cursor) return;
        asking.current = cursor;
        load(cursor, new AbortController().signal)
            .then((next) => {
                if (asking.current === cursor) loaded.set({ ...data, items: [...data.items, ...next.items], next_cursor: next.next_cursor });
            })
            .catch(reportFault)
            .finally(() => {
                asking.current = null;
            });
    };
    return { ...loaded, more };
}
