import { awaitJob, isEnded, type Job } from "../../jobs.js";
import { listenLive } from "../../live.js";
import { client } from "../../session.js";

/** So often a job is asked for where no event tells of it. */
const rarely = 5000;

/** Until the job has ended: told by events, looked at now and then beside them. `onProgress` hears what is known on the way. */
export async function untilEnded(job: Job, onProgress: (job: Job) => void, signal?: AbortSignal): Promise<Job> {
    const stopAwaiting = awaitJob(job.job_id);
    let current = job;
    try {
        onProgress(current);
        while (!isEnded(current.status)) {
            await nextNews(job.job_id, signal);
            signal?.throwIfAborted();
            current = await client.call("get", "/api/jobs/{id}", { path: { id: job.job_id }, ...(signal === undefined ? {} : { signal }) });
            onProgress(current);
        }
        return current;
    } finally {
        stopAwaiting();
    }
}

function nextNews(jobId: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
        const done = (): void => {
            clearTimeout(timer);
            signal?.removeEventListener("abort", done);
            stop();
            resolve();
        };
        const timer = setTimeout(done, rarely);
        signal?.addEventListener("abort", done);
        const stop = listenLive(["job.updated"], (events) => void (events.some((event) => event.id === jobId) && done()), done);
    });
}
