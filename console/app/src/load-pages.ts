import { useEffect, useRef } from "preact/hooks";
import { type Loaded, useLoad } from "./load.js";
import { faultText } from "./faults.js";
import { notify } from "./ui/notices.js";

interface PageOf<T> {
    items: readonly T[];
    next_cursor: string | null;
}

export interface LoadedPages<T> extends Loaded<readonly T[]> {
    /** Asks for the next page, once, where there is one. */
    more: () => void;
    /** Whether there is no next page. */
    isWhole: boolean;
}

/** A list that the server gives in pages: the first when it opens and when `dependencies` change, each other when its place comes near. */
export function useLoadPages<T>(load: (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>, dependencies: readonly unknown[]): LoadedPages<T> {
    const next = useRef<string | null>(null);
    const current = useRef<AbortController | null>(null);
    const first = useLoad(async (signal) => {
        current.current?.abort();
        const page = await load(undefined, signal);
        next.current = page.next_cursor;
        return page.items;
    }, dependencies);
    useEffect(() => () => current.current?.abort(), dependencies);
    const more = async (cursor: string, before: readonly T[]): Promise<void> => {
        const mine = new AbortController();
        current.current = mine;
        next.current = null;
        try {
            const page = await load(cursor, mine.signal);
            if (mine.signal.aborted) return;
            next.current = page.next_cursor;
            first.set([...before, ...page.items]);
        } catch (fault) {
            if (mine.signal.aborted) return;
            next.current = cursor;
            notify({ tone: "bad", text: faultText(fault), stays: 6000 });
        }
    };
    return {
        ...first,
        isWhole: next.current === null,
        more: () => {
            if (next.current !== null && first.data !== undefined && !first.loading) void more(next.current, first.data);
        },
    };
}
