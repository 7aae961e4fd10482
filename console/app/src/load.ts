import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Loaded<T> {
    data: T | undefined;
    fault: unknown;
    loading: boolean;
    /** Again, with what is shown staying until the new is there. */
    reload: () => Promise<void>;
    /** Shows what is known already, as after a change. */
    set: (data: T) => void;
}

/** What a page shows, asked for when it opens and when `dependencies` change. Answers that come too late are dropped. */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, dependencies: readonly unknown[]): Loaded<T> {
    const [state, setState] = useState<{ data: T | undefined; fault: unknown; loading: boolean }>({ data: undefined, fault: undefined, loading: true });
    const current = useRef<AbortController | null>(null);
    const latest = useRef(load);
    latest.current = load;
    const run = useCallback(async (): Promise<void> => {
        current.current?.abort();
        const mine = new AbortController();
        current.current = mine;
        setState((before) => ({ ...before, loading: true }));
        try {
            const data = await latest.current(mine.signal);
            if (!mine.signal.aborted) setState({ data, fault: undefined, loading: false });
        } catch (fault) {
            if (!mine.signal.aborted) setState((before) => ({ data: before.data, fault, loading: false }));
        }
    }, []);
    useEffect(() => {
        setState({ data: undefined, fault: undefined, loading: true });
        void run();
        return () => current.current?.abort();
    }, dependencies);
    return { ...state, reload: run, set: (data) => setState({ data, fault: undefined, loading: false }) };
}
