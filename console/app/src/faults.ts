import { isPassing, LoginNeeded, NoStorage, NotPossible, type Refusal, Refused, StorageFull } from "@stockverify/client";
import { language } from "./i18n/catalogue.js";
import { errorText } from "./i18n/errors.js";
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

/** What a form or a record was refused for. In English the server's sentence names the field and its bounds; other languages have a text for the code. */
function detailText({ details, message, code }: Refused): string {
    const said = language().tag.startsWith("en") ? null : errorText(details[0]?.code ?? code);
    return said ?? shellText("fault.refused", { message: details[0]?.message ?? message });
}

/** Why a record can't be stored, for who counted it. */
export const refusalText = ({ code, message }: Refusal): string => errorText(code) ?? message;

/** What went wrong, for the person, in the page's language. Only for codes that no text stands for is the server's own sentence shown. */
export function faultText(fault: unknown): string {
    if (fault instanceof StorageFull) return shellText("fault.storage_full");
    if (fault instanceof NoStorage) return shellText("fault.no_storage");
    if (fault instanceof LoginNeeded) return shellText("fault.login_needed");
    if (fault instanceof NotPossible) return fault.code === "network_needed" ? shellText("fault.network") : shellText("fault.not_possible");
    if (fault instanceof Refused) {
        if (fault.details.length > 0) return detailText(fault);
        return errorText(fault.code) ?? (fault.later ? shellText("fault.busy") : shellText("fault.refused", { message: fault.message }));
    }
    if (isPassing(fault)) return shellText("fault.network");
    return shellText("fault.unknown");
}
