import { useEffect, useRef } from "preact/hooks";

/** Does it again and again while the page is seen: the next begins when the last has ended. `null`: not now. */
export function useEvery(seconds: number | null, run: () => Promise<unknown>): void {
    const latest = useRef(run);
    latest.current = run;
    useEffect(() => {
        if (seconds === null) return;
        let timer: ReturnType<typeof setTimeout> | undefined;
        let isOver = false;
        const again = (): void => {
            timer = setTimeout(() => {
                if (document.visibilityState === "hidden") return again();
                void latest.current().catch(() => undefined).finally(() => isOver || again());
            }, seconds * 1000);
        };
        again();
        return () => {
            isOver = true;
            clearTimeout(timer);
        };
    }, [seconds]);
}
