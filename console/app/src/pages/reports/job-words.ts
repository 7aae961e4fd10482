import type { Job } from "../../jobs.js";
import type { IconName } from "../../ui/icon.js";
import type { Tone } from "../../ui/surface.js";
import { text } from "./texts.js";

const kinds = ["indexes.ensure", "erp.import", "snapshot.create", "snapshot.export", "compare.create", "compare.export", "report.generate", "report.audit", "count.approve", "adjustment.reverse", "adjustment.export", "mail.deliver", "mail.notice"] as const;

/** What a job does, in a few words. */
export function kindText(type: string): string {
    const known = kinds.find((kind) => kind === type);
    return known === undefined ? text("job.kind.other") : text(`job.kind.${known}`);
}

export const statusLooks: { readonly [S in Job["status"]]: { tone: Tone; icon: IconName } } = {
    queued: { tone: "plain", icon: "clock" },
    running: { tone: "info", icon: "sync" },
    succeeded: { tone: "ok", icon: "check" },
    failed: { tone: "bad", icon: "warning" },
    cancelled: { tone: "plain", icon: "close" },
};

const reasons = ["snapshot_window_exceeded", "key_not_unique", "attempts_exhausted", "time_limit_exceeded", "too_many_rows", "not_found", "forbidden", "unavailable", "internal_error"] as const;

/** Why a job failed and what to do: the server's own sentence where no text stands for its code. */
export function failureText(error: NonNullable<Job["error"]>): string {
    const known = reasons.find((code) => code === error.code);
    return known === undefined ? text("job.failed_because", { message: error.message }) : text(`job.reason.${known}`);
}

/** How much is done, from 0 to 1; `null` where nobody knows. */
export const shareDone = (progress: Job["progress"]): number | null => (progress === null || progress.total <= 0 ? null : Math.min(1, progress.done / progress.total));
