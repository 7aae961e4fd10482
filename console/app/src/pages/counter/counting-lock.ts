import { useEffect } from "preact/hooks";
import { countingLock } from "../../updates.js";

/** While a tab counts or has an entry open, no new build takes its place. */
export function useCountingLock(): void {
    useEffect(() => {
        const end = new AbortController();
        void navigator.locks
            ?.request(countingLock, { mode: "shared", signal: end.signal }, () => new Promise<void>((resolve) => end.signal.addEventListener("abort", () => resolve())))
            .catch(() => undefined);
        return () => end.abort();
    }, []);
}
