import { signal } from "@preact/signals";
import { reportFault } from "./faults.js";
import { base } from "./paths.js";
import { scriptUrl } from "./trusted.js";
import type { WorkerMessage } from "./sw-messages.js";

/** A new build is installed and waits. */
export const updateReady = signal(false);

/** Held by every tab in which somebody counts or has a draft open. */
export const countingLock = "sv.counting";

let registration: ServiceWorkerRegistration | null = null;

function watch(found: ServiceWorkerRegistration): void {
    const look = (): void => {
        updateReady.value = found.waiting !== null && navigator.serviceWorker.controller !== null;
    };
    found.addEventListener("updatefound", () => found.installing?.addEventListener("statechange", look));
    look();
}

const tell = (message: WorkerMessage): void => registration?.active?.postMessage(message);

export async function registerWorker(): Promise<void> {
    if (!("serviceWorker" in navigator)) return;
    try {
        registration = await navigator.serviceWorker.register(scriptUrl(`${base}/sw.js`), { scope: `${base}/`, updateViaCache: "none" });
        watch(registration);
        await navigator.serviceWorker.ready;
        keepLoaded();
    } catch (fault) {
        reportFault(fault);
    }
}

/** What this page has loaded goes to the worker's cache: the first page comes before there is a worker. */
export function keepLoaded(...more: readonly string[]): void {
    const loaded = performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => name.includes(`${base}/assets/`) || name.includes(`${base}/scan-worker`));
    tell({ kind: "keep", urls: [...loaded, ...more] });
}

/** Asks the server for a newer build; without network nothing comes of it. */
export const lookForUpdate = (): void => void registration?.update().catch(() => undefined);

async function isAnybodyCounting(): Promise<boolean> {
    const { held = [] } = await navigator.locks.query();
    return held.some((lock) => lock.name === countingLock);
}

/** Takes the new build, unless a tab is counting: then it is offered again later. */
export async function applyUpdate(): Promise<boolean> {
    const waiting = registration?.waiting;
    if (waiting === null || waiting === undefined || (await isAnybodyCounting())) return false;
    // The worker before may take minutes to end: who counts by then goes on, and has the new build with the next page.
    const reload = async (): Promise<void> => void ((await isAnybodyCounting()) || location.reload());
    navigator.serviceWorker.addEventListener("controllerchange", () => void reload(), { once: true });
    waiting.postMessage({ kind: "take_over" } satisfies WorkerMessage);
    return true;
}

/** What came of asking for a newer build and taking it. */
export type UpdateOutcome = "taken" | "counting" | "none";

function isInstalled(worker: ServiceWorker): Promise<void> {
    return new Promise((resolve) => {
        const look = (): void => {
            if (worker.state === "installing") return;
            worker.removeEventListener("statechange", look);
            resolve();
        };
        worker.addEventListener("statechange", look);
        look();
    });
}

/** For a server that does not take this build any more. */
export async function fetchUpdate(): Promise<UpdateOutcome> {
    await registration?.update();
    const installing = registration?.installing;
    if (installing !== null && installing !== undefined) await isInstalled(installing);
    if (registration?.waiting == null) return "none";
    return (await applyUpdate()) ? "taken" : "counting";
}
