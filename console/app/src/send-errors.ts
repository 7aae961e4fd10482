import { effect } from "@preact/signals";
import { LoginNeeded, Refused } from "@stockverify/client";
import { ErrorOutbox, type Sent } from "./error-outbox.js";
import { type ErrorReport, type ReportPlace, reportOf, violationReport } from "./error-report.js";
import { onFaultReported } from "./faults.js";
import { base } from "./paths.js";
import { patternOf } from "./routes.js";
import { auth, client, currentUser, version } from "./session.js";

const storageKey = "sv.errors";

async function send(report: ErrorReport): Promise<Sent> {
    try {
        await client.call("post", "/api/client-errors", { body: report });
        return "taken";
    } catch (fault) {
        if (fault instanceof LoginNeeded) return "retry";
        if (!(fault instanceof Refused)) return "unknown";
        return fault.status === 429 || fault.status === 503 ? "retry" : "refused";
    }
}

const outbox = new ErrorOutbox({
    read: () => localStorage.getItem(storageKey),
    write: (text) => localStorage.setItem(storageKey, text),
    alone: async (run) => navigator.locks.request(storageKey, run),
    user: () => (auth.value.state === "logged_in" ? auth.value.user.user_id : null),
    isThere: () => fetch("/api/health", { cache: "no-store", signal: AbortSignal.timeout(5000) }).then((answer) => answer.ok, () => false),
    send,
    now: () => Date.now(),
});

const place = (): ReportPlace => ({ page: patternOf(location.pathname.slice(base.length)), version, userAgent: navigator.userAgent });

/** What fails in telling of failures is let go: it would only fail again. */
function tell(report: ErrorReport | null): void {
    if (report !== null) void outbox.add(report, currentUser()?.user_id ?? null).catch(() => undefined);
}

/** From here on the server hears of the console's own faults. */
export function sendErrors(): void {
    onFaultReported((fault) => tell(reportOf(fault, place())));
    document.addEventListener("securitypolicyviolation", (event) => tell(violationReport(event, place())));
    const flush = (): void => void outbox.flush().catch(() => undefined);
    addEventListener("online", flush);
    // A login or a refresh has just answered: the server is there.
    effect(() => {
        if (auth.value.state === "logged_in") flush();
    });
}
