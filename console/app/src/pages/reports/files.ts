import { isEnded, type Job } from "../../jobs.js";
import { client } from "../../session.js";
import type { Schema } from "./api-types.js";
import type { ReportQuery } from "./query-draft.js";
import { untilEnded } from "./waiting.js";

export type FileFormat = Schema<"FormatName">;
export const fileFormats: readonly FileFormat[] = ["xlsx", "csv", "pdf", "json", "ndjson"];

/** A job that did not do what it was asked for. */
export class JobFailed extends Error {
    override readonly name = "JobFailed";

    constructor(readonly job: Job) {
        super(`${job.type}: ${job.error?.message ?? job.status}`);
    }
}

async function succeeded(job: Job, onProgress: (job: Job) => void): Promise<Job> {
    const ended = isEnded(job.status) ? job : await untilEnded(job, onProgress);
    if (ended.status !== "succeeded") throw new JobFailed(ended);
    return ended;
}

/** A file of what stands at `path` already (a snapshot, a comparison); where it was made before, that one. */
export async function makeExport(path: string, format: FileFormat, onProgress: (job: Job) => void): Promise<Job | Response> {
    const answer = await client.download(`${path}/export?format=${format}`);
    if (answer.status !== 202) return answer;
    const { data } = (await answer.json()) as { data: Job };
    return succeeded(data, onProgress);
}

/** Keeps what the query finds now as a snapshot; its id. */
export async function takeSnapshot(body: { name: string; query: ReportQuery; tags: string[] }, onProgress: (job: Job) => void): Promise<string> {
    const asked = await client.call("post", "/api/reports/snapshots", { body });
    return "status" in asked ? ((await succeeded(asked, onProgress)).resource?.id ?? "") : asked.snapshot_id;
}

/** A fixed report as a file. */
export async function makeReport(body: Schema<"FixedReport"> & { format: FileFormat }, onProgress: (job: Job) => void): Promise<Job> {
    return succeeded(await client.call("post", "/api/reports/generate", { body }), onProgress);
}

/** Compares two snapshots; the comparison's id. */
export async function compareSnapshots(body: { baseline_id: string; comparison_id: string; key_fields?: string[]; tolerance?: number }, onProgress: (job: Job) => void): Promise<string> {
    const asked = await client.call("post", "/api/reports/compare", { body });
    return "status" in asked ? (await succeeded(asked, onProgress)).job_id : asked.job_id;
}

/** Takes the same snapshot again; the new one's id. */
export async function refreshSnapshot(snapshotId: string, onProgress: (job: Job) => void): Promise<string> {
    const asked = await client.call("post", "/api/reports/snapshots/{id}/refresh", { path: { id: snapshotId } });
    return "status" in asked ? ((await succeeded(asked, onProgress)).resource?.id ?? "") : asked.snapshot_id;
}
