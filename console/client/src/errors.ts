import type { ErrorCode, Holder } from "./api.js";

/** The server said no: decide by `code`. */
export class Refused extends Error {
    override readonly name = "Refused";

    constructor(
        readonly status: number,
        readonly code: ErrorCode,
        message: string,
        readonly details: readonly { field: string; code: string; message: string }[],
        readonly holder: Holder | undefined,
        readonly requestId: string | undefined,
        /** Seconds to wait, where the server named them. */
        readonly retryAfter: number | undefined,
    ) {
        super(message);
    }

    /** Nothing is wrong with the request: the same again, later. */
    get later(): boolean {
        return this.status === 429 || this.status >= 500;
    }
}

/** No answer, or none that can be read: no network, a time-out, a proxy's page. Whether it was done is unknown. */
export class NoAnswer extends Error {
    override readonly name = "NoAnswer";

    /** `status`, `retryAfter` in seconds: of whoever answered in the server's place. */
    constructor(
        message: string,
        readonly status?: number,
        readonly retryAfter?: number,
    ) {
        super(message);
    }
}

/** Who is asked for is not logged in, or not any more. Nothing was lost. */
export class LoginNeeded extends Error {
    override readonly name = "LoginNeeded";

    constructor(readonly code: ErrorCode | "logged_out" | "other_user") {
        super(`a login is needed: ${code}`);
    }
}

/** What was asked for does not go with what this device knows: no such record, a session that is not held. */
export class NotPossible extends Error {
    override readonly name = "NotPossible";

    constructor(readonly code: "no_such_record" | "no_such_session" | "no_such_conflict" | "not_logged_in" | "too_long_ago" | "other_user_has_unsent" | "network_needed", message: string) {
        super(message);
    }
}

/** Whether trying the same again later is worth it. */
export function isPassing(fault: unknown): boolean {
    return fault instanceof NoAnswer || (fault instanceof Refused && fault.later);
}
