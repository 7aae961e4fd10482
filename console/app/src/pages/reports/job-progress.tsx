import { clockTime, percent } from "../../i18n/format.js";
import type { Job } from "../../jobs.js";
import { Progress } from "../../ui/figures.js";
import { shareDone } from "./job-words.js";
import { text } from "./texts.js";

/** How far it is; where the end is not known, how much is done. */
export function JobProgress({ job }: { job: Job }) {
    const share = shareDone(job.progress);
    const label = text("job.progress");
    return (
        <span class="stack-tight">
            {share !== null && <Progress share={share} label={label} />}
            <span class="small soft number" aria-live="polite">
                {share !== null ? percent(share) : job.progress !== null && job.progress.done > 0 ? text("job.rows_done", { n: job.progress.done }) : text(`job.${job.status}_text`, { time: clockTime(job.started_at ?? job.created_at) })}
            </span>
        </span>
    );
}
