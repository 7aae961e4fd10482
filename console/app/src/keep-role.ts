import { effect } from "@preact/signals";
import { isPassing } from "@stockverify/client";
import { reportFault } from "./faults.js";
import { routes } from "./routes.js";
import { auth, mayBe, type Role } from "./session.js";
import { keepLoaded } from "./updates.js";

/** When nobody waits for anything else. */
function idle(): Promise<void> {
    return new Promise((resolve) => {
        if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: 10_000 });
        else setTimeout(resolve, 2000);
    });
}

const savesData = (): boolean => (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;

/** The pages that this role may open and what reads pictures of codes go to the worker's cache: there is no network at some racks. */
async function keep(role: Role): Promise<void> {
    await idle();
    for (const { least, component } of routes) if (mayBe(role, least)) await component.preload();
    const { scannerFiles } = await import("./scan/files.js");
    keepLoaded(...(savesData() ? [] : Object.values(scannerFiles)));
}

let kept: Role | null = null;

/** Once after each login as another role. */
export function keepRolePages(): void {
    effect(() => {
        const state = auth.value;
        if (state.state !== "logged_in" || state.user.role === kept) return;
        const { role } = state.user;
        kept = role;
        void keep(role).catch((fault: unknown) => {
            kept = null;
            // What can't be fetched now is fetched when it is opened.
            if (!isPassing(fault) && navigator.onLine) reportFault(fault);
        });
    });
}
