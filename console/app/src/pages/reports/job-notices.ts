import { loadTexts } from "../../i18n/catalogue.js";
import { downloadResult, type Job } from "../../jobs.js";
import { follow } from "../../links.js";
import { pathTo } from "../../paths.js";
import { notify } from "../../ui/notices.js";
import { failureText, kindText } from "./job-words.js";
import { text } from "./texts.js";

/** Where what a job made is shown. */
export function pageOfResult(job: Job): string | null {
    if (job.resource === null) return null;
    if (job.resource.type === "snapshot") return pathTo("/snapshots", job.resource.id);
    if (job.resource.type === "comparison") return pathTo("/comparisons", job.resource.id);
    if (job.resource.type === "adjustment") return pathTo("/adjustments", job.resource.id);
    return null;
}

/** Tells, on whatever page, that a job of this person's has ended. */
export async function tellJob(job: Job): Promise<void> {
    await loadTexts();
    const name = job.file_name ?? kindText(job.type);
    if (job.status === "failed") {
        const look = { label: text("job.look"), run: () => follow(pathTo("/jobs")) };
        notify({ tone: "bad", text: job.error === null ? text("job.told_failed", { name }) : `${text("job.told_failed", { name })} ${failureText(job.error)}`, action: look });
    } else if (job.status === "succeeded") {
        const page = pageOfResult(job);
        if (job.result_url !== null) notify({ tone: "ok", text: text("job.told_file", { name }), action: { label: text("job.download"), run: () => downloadResult(job) } });
        else if (page !== null) notify({ tone: "ok", text: text("job.told_done", { name }), action: { label: text("job.open"), run: () => follow(page) } });
        else notify({ tone: "ok", text: text("job.told_done", { name }) });
    }
}
