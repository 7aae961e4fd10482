import type { ErrorReport } from "./error-report.js";
import { sameness } from "./error-report.js";

/** What came of an attempt: `retry` only where it is sure that the server did not take it. */
export type Sent = "taken" | "unknown" | "retry" | "refused";

interface KeptReport {
    /** Who was here: the server notes the sender with it, and nobody else's login may send it. */
    user: string | null;
    at: number;
    report: ErrorReport;
}

export interface OutboxPort {
    /** Of all tabs of this browser. */
    read(): string | null;
    write(text: string): void;
    /** Runs alone among all tabs. */
    alone<T>(run: () => Promise<T>): Promise<T>;
    /** Who is logged in, with the server in reach as far as is known. */
    user(): string | null;
    /** Whether the server answers: asked before anything is taken off the list. */
    isThere(): Promise<boolean>;
    send(report: ErrorReport): Promise<Sent>;
    now(): number;
}

const most = 20;
const longest = 3 * 86_400_000;
/** Of one tab: whoever fails in a loop must not fill the server's book. */
const mostOfATab = 50;
/** The server takes thirty a minute of a user; a device takes fewer of them. */
const mostAMinute = 10;

/**
 * Errors on their way to the server. Each kind is told once of a tab's life; what can't be sent now is kept, twenty of them,
 * three days. A report leaves the list before it is sent: one whose answer was lost is not sent again.
 */
export class ErrorOutbox {
    readonly #told = new Set<string>();
    #sent: number[] = [];
    #sending: Promise<void> | undefined;

    constructor(private readonly port: OutboxPort) {}

    #kept(): KeptReport[] {
        try {
            const kept: unknown = JSON.parse(this.port.read() ?? "[]");
            if (!Array.isArray(kept)) return [];
            const now = this.port.now();
            return (kept as KeptReport[]).filter((each) => typeof each.report?.message === "string" && Math.abs(now - each.at) < longest);
        } catch {
            return [];
        }
    }

    #keep(kept: readonly KeptReport[]): void {
        this.port.write(JSON.stringify(kept.slice(-most)));
    }

    async add(report: ErrorReport, user: string | null): Promise<void> {
        const same = sameness(report);
        if (this.#told.has(same) || this.#told.size >= mostOfATab) return;
        this.#told.add(same);
        const at = this.port.now();
        await this.port.alone(async () => {
            const kept = this.#kept();
            if (!kept.some((each) => sameness(each.report) === same)) this.#keep([...kept, { user, at, report }]);
        });
        await this.flush();
    }

    /** Sends what is kept, while there is somebody to send it as and a server that takes it. */
    flush(): Promise<void> {
        this.#sending ??= this.#flush().finally(() => {
            this.#sending = undefined;
        });
        return this.#sending;
    }

    #mayOne(): boolean {
        const now = this.port.now();
        this.#sent = this.#sent.filter((at) => now - at < 60_000);
        return this.#sent.length < mostAMinute;
    }

    async #flush(): Promise<void> {
        const user = this.port.user();
        if (user === null || this.#kept().length === 0 || !this.#mayOne() || !(await this.port.isThere())) return;
        for (let goOn = true; goOn; )
            goOn = await this.port.alone(async () => {
                const kept = this.#kept();
                const next = kept.find((each) => each.user === null || each.user === user);
                if (next === undefined || this.port.user() !== user || !this.#mayOne()) return false;
                this.#keep(kept.filter((each) => each !== next));
                this.#sent.push(this.port.now());
                const outcome = await this.port.send(next.report);
                if (outcome !== "retry") return outcome !== "unknown";
                this.#keep([next, ...this.#kept()]);
                return false;
            });
    }
}
