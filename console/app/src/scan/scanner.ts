import { useEffect, useRef } from "preact/hooks";
import { shellText } from "../i18n/shell.js";
import { preferences } from "../preferences.js";
import { type Typed, typedBy } from "./layout.js";
import { listenToWedge } from "./wedge-listener.js";

export type ScanHandler = (text: string) => void;

/** The page or dialog in front hears scans; what nobody heard waits for the next that listens. */
const handlers: ScanHandler[] = [];
const waiting: string[] = [];

/** Called when a scan comes where nobody listens: it may open the page that does. */
let fallback: { isReady: () => boolean; open: () => void } | undefined;

export function scanned(text: string): void {
    const handler = handlers.at(-1);
    if (handler !== undefined) handler(text);
    else if (isHeard()) {
        waiting.push(text);
        fallback?.open();
    }
}

/** Leaves a scan to the page that comes next. */
export const passOn = (text: string): void => void waiting.push(text);

const isHeard = (): boolean => handlers.length > 0 || fallback?.isReady() === true;

export const onUnheardScan = (isReady: () => boolean, open: () => void): void => {
    fallback = { isReady, open };
};

let typed: Typed = { device: "", american: "" };

/** How the keys of the scan that is being heard read by each layout. */
export const lastTyped = (): Typed => typed;

let stop: (() => void) | undefined;

/** Begins to hear scanners, on every page from then on. */
export function hearScanners(): void {
    stop ??= listenToWedge({
        onScan: (text, presses) => {
            typed = typedBy(presses);
            scanned(text);
        },
        layout: () => preferences.value.scannerKeys,
        isWanted: isHeard,
        label: shellText("scanner"),
    });
}

/** Hears scans while the component is there, with what came before it was. */
export function useScans(handler: ScanHandler): void {
    const latest = useRef(handler);
    latest.current = handler;
    useEffect(() => {
        const mine: ScanHandler = (text) => latest.current(text);
        handlers.push(mine);
        for (const text of waiting.splice(0)) mine(text);
        return () => {
            handlers.splice(handlers.indexOf(mine), 1);
        };
    }, []);
}
