import { effect } from "@preact/signals";
import { isPassing, Refused, type Schema, type ServerEvent } from "@stockverify/client";
import { reportFault } from "./faults.js";
import { follow } from "./links.js";
import { listenLive } from "./live.js";
import { client, currentUser, mayBe } from "./session.js";
import { unseenJobs } from "./unseen-jobs.js";

export type Job = Schema<"Job">;

export const isEnded = (status: string): boolean => status === "succeeded" || status === "failed" || status === "cancelled";

/** What a schedule runs and a mail that is sent are told where schedules are. */
const isAskedFor = (job: Job, userId: string): boolean => job.requested_by === userId && job.schedule_id === null && job.type !== "mail.deliver" && job.type !== "mail.notice";

/** Whose page tells the end of a job itself, as the one that waits for it. */
const awaited = new Set<string>();

/** Until the returned function is called the end of this job is told by whoever waits for it. */
export function awaitJob(jobId: string): () => void {
    awaited.add(jobId);
    return () => awaited.delete(jobId);
}

async function tellEnd(jobId: string, userId: string): Promise<void> {
    const job = await client.call("get", "/api/jobs/{id}", { path: { id: jobId } });
    if (!isAskedFor(job, userId) || awaited.has(jobId)) return;
    const { tellJob } = await import("./pages/reports/job-notices.js");
    unseenJobs.value += 1;
    await tellJob(job);
}

/** A schedule's own failures are its owner's; one that switched itself off may have none who works here any more. */
const isTheirs = (event: ServerEvent, userId: string): boolean => event.type === "schedule.disabled" || event["user_id"] === userId;

async function tellSchedule(event: ServerEvent): Promise<void> {
    const schedule = await client.call("get", "/api/reports/schedules/{id}", { path: { id: event.id ?? "" } });
    const { tellScheduleNews } = await import("./pages/reports/schedule-notices.js");
    await tellScheduleNews(event.type === "schedule.disabled" ? "disabled" : "failed", schedule);
}

/** What can't be read any more is no news. */
const unlessGone = (fault: unknown): void => {
    if (!(fault instanceof Refused && (fault.status === 403 || fault.status === 404)) && !isPassing(fault)) reportFault(fault);
};

// Those whose role asks for jobs are told on whatever page they are.
effect(() => {
    const user = currentUser();
    if (user === null || !mayBe(user.role, "supervisor")) {
        unseenJobs.value = 0;
        return;
    }
    return listenLive(
        ["job.updated", "schedule.failed", "schedule.disabled"],
        (events) => {
            for (const event of events) if (event.type !== "job.updated" && isTheirs(event, user.user_id)) void tellSchedule(event).catch(unlessGone);
            const ended = new Set(events.filter((event) => event.type === "job.updated" && isEnded(String(event["status"]))).map((event) => event.id));
            for (const id of ended) if (id !== null) void tellEnd(id, user.user_id).catch(reportFault);
        },
        () => undefined,
    );
});

interface SharingNavigator extends Navigator {
    /** Of an app on the start screen of an iPhone or iPad, which opens no attachment. */
    standalone?: boolean;
}

async function shareFile(job: Job): Promise<void> {
    const answer = await client.download(job.result_url ?? "");
    const file = new File([await answer.blob()], job.file_name ?? job.job_id, { type: job.content_type ?? "application/octet-stream" });
    await navigator.share({ files: [file] });
}

/** Gives the job's file to the browser, by a link that is made when it is asked for: it lives for a minute or few. */
export async function downloadResult(job: Job): Promise<void> {
    if ((navigator as SharingNavigator).standalone === true) return shareFile(job);
    const { url } = await client.call("post", "/api/jobs/{id}/link", { path: { id: job.job_id } });
    follow(url, { download: job.file_name ?? "", rel: "noreferrer" });
}
