import { isPassing, LoginNeeded, NotPossible, Refused, StorageFull } from "@stockverify/client";
import { shellText } from "./i18n/shell.js";

type Listener = (fault: unknown) => void;
const listeners = new Set<Listener>();

/** Who tells the server of the console's own faults adds itself here. */
export function onFaultReported(listener: Listener): void {
    listeners.add(listener);
}

/** A fault that nobody on the page waits for. What passes by itself (no network) is none. */
export function reportFault(fault: unknown): void {
    if (isPassing(fault) || fault instanceof LoginNeeded) return;
    console.warn(fault);
    for (const listener of listeners) listener(fault);
}

const codes = {
    login_failed: "fault.login_failed",
    login_throttled: "fault.login_throttled",
    pin_wrong: "fault.pin_wrong",
    pin_disabled: "fault.pin_disabled",
    account_disabled: "fault.account_disabled",
    rack_locked: "fault.rack_locked",
    rack_completed: "fault.rack_completed",
    session_closed: "fault.session_closed",
    conflict_state: "fault.conflict_state",
    lock_lost: "fault.lock_lost",
    forbidden: "fault.forbidden",
    not_found: "fault.not_found",
    conflict_resolved: "fault.conflict_resolved",
    recount_other_user: "fault.recount_other_user",
} as const;

const isKnown = (code: string): code is keyof typeof codes => code in codes;

/** What went wrong, for the person, in the page's language. Only for codes that no text stands for is the server's own sentence shown. */
export function faultText(fault: unknown): string {
    if (fault instanceof StorageFull) return shellText("fault.storage_full");
    if (fault instanceof LoginNeeded) return shellText("fault.login_needed");
    if (fault instanceof NotPossible) return fault.code === "network_needed" ? shellText("fault.network") : shellText("fault.not_possible");
    if (fault instanceof Refused) {
        if (isKnown(fault.code)) return shellText(codes[fault.code]);
        if (fault.later) return shellText("fault.busy");
        return shellText("fault.refused", { message: fault.details[0]?.message ?? fault.message });
    }
    if (isPassing(fault)) return shellText("fault.network");
    return shellText("fault.unknown");
}
