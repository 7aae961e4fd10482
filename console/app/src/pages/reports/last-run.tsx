import { dateTime } from "../../i18n/format.js";
import { relative } from "../../office-format.js";
import { Chip } from "../../ui/surface.js";
import type { Schema } from "./api-types.js";
import { failureText, statusLooks } from "./job-words.js";
import { text } from "./texts.js";

type Schedule = Pick<Schema<"Schedule">, "last_run_at" | "last_status" | "last_error">;

/** How a schedule's last run ended, when, and why it failed. */
export function LastRun({ of: { last_run_at, last_status, last_error } }: { of: Schedule }) {
    if (last_status === null) return null;
    const { tone, icon } = statusLooks[last_status];
    return (
        <span class="stack-tight last-run" data-status={last_status}>
            <span class="row small">
                <Chip tone={tone} icon={icon}>
                    {text(`job.${last_status}`)}
                </Chip>
                {last_run_at !== null && (
                    <time class="soft" translate={false} title={dateTime(last_run_at)}>
                        {relative(last_run_at)}
                    </time>
                )}
            </span>
            {last_error !== null && last_status === "failed" && <span class="small">{failureText(last_error)}</span>}
        </span>
    );
}
