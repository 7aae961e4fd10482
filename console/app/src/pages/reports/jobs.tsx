import type { ServerEvent } from "@stockverify/client";
import { useEffect, useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { dateTime } from "../../i18n/format.js";
import { downloadResult, isEnded, type Job } from "../../jobs.js";
import { useLive } from "../../live.js";
import { useLoad } from "../../load.js";
import { relative } from "../../office-format.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { Code } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { unseenJobs } from "../../unseen-jobs.js";
import { pageOfResult } from "./job-notices.js";
import { JobProgress } from "./job-progress.js";
import { failureText, kindText, statusLooks } from "./job-words.js";
import { bytesText } from "./words.js";
import { text } from "./texts.js";

const filters = ["all", "running", "succeeded", "failed"] as const;
type Filter = (typeof filters)[number];

const pageSize = 50;
const isOf = (job: Job, filter: Filter): boolean => filter === "all" || job.status === filter || (filter === "running" && job.status === "queued");

/** What is being made, what was made and can be had, what failed and why. */
export function JobsPage() {
    const [filter, setFilter] = useState<Filter>("all");
    const loaded = useLoad((signal) => client.call("get", "/api/jobs", { query: { limit: pageSize }, signal }), []);
    useEffect(() => {
        unseenJobs.value = 0;
    });
    const { data } = loaded;
    const keep = (job: Job): void => {
        if (data === undefined) return;
        const isKnown = data.items.some(({ job_id }) => job_id === job.job_id);
        loaded.set({ ...data, items: isKnown ? data.items.map((each) => (each.job_id === job.job_id ? job : each)) : [job, ...data.items] });
    };
    useLive(["job.updated"], (events) => {
        if (data === undefined) return;
        if (events.some((event) => mustRead(event, data.items))) void loaded.reload();
        else loaded.set({ ...data, items: data.items.map((job) => withProgress(job, events)) });
    }, loaded.reload);
    const more = async (): Promise<void> => {
        if (data?.next_cursor === null || data === undefined) return;
        const next = await client.call("get", "/api/jobs", { query: { limit: pageSize, cursor: data.next_cursor } });
        loaded.set({ items: [...data.items, ...next.items], next_cursor: next.next_cursor });
    };
    return (
        <Page title={text("jobs.title")}>
            <div class="stack">
                <Segments label={text("jobs.filter")} value={filter} options={filters.map((value) => ({ value, label: text(`jobs.${value}`) }))} onChange={setFilter} />
                <Loading of={loaded} rows={5}>
                    {({ items, next_cursor }) => {
                        const shown = items.filter((job) => isOf(job, filter));
                        return (
                            <>
                                {shown.length === 0 ? (
                                    <EmptyState
                                        icon="job"
                                        title={text("jobs.none")}
                                        text={text("jobs.none_text")}
                                        action={
                                            <Button kind="primary" icon="chart" href={pathTo("/reports")}>
                                                {text("jobs.to_reports")}
                                            </Button>
                                        }
                                    />
                                ) : (
                                    <ul class="list">
                                        {shown.map((job) => (
                                            <JobRow key={job.job_id} job={job} onChanged={keep} />
                                        ))}
                                    </ul>
                                )}
                                {next_cursor !== null && (
                                    <Button wide onClick={more}>
                                        {text("more")}
                                    </Button>
                                )}
                            </>
                        );
                    }}
                </Loading>
            </div>
            <ZoneNote />
        </Page>
    );
}

/** A job that is not shown yet, or one that has ended: its file, its reason and its times are to be asked for. */
const mustRead = (event: ServerEvent, jobs: readonly Job[]): boolean => isEnded(String(event["status"])) || !jobs.some((job) => job.job_id === event.id);

function withProgress(job: Job, events: readonly ServerEvent[]): Job {
    const event = events.findLast(({ id }) => id === job.job_id);
    if (event === undefined || isEnded(job.status)) return job;
    return { ...job, status: event["status"] as Job["status"], progress: (event["progress"] as Job["progress"] | undefined) ?? job.progress };
}

function JobRow({ job, onChanged }: { job: Job; onChanged: (job: Job) => void }) {
    const { tone, icon } = statusLooks[job.status];
    const page = job.status === "succeeded" ? pageOfResult(job) : null;
    const act = async (run: () => Promise<unknown>): Promise<void> => {
        try {
            await run();
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    const cancel = () => act(async () => onChanged(await client.call("delete", "/api/jobs/{id}", { path: { id: job.job_id } })));
    const retry = () => act(async () => onChanged(await client.call("post", "/api/jobs/{id}/retry", { path: { id: job.job_id } })));
    return (
        <li class="list-row job-row" data-job={job.job_id}>
            <span class="grow stack-tight">
                <span class="row">
                    <strong>{kindText(job.type)}</strong>
                    <Chip tone={tone} icon={icon}>
                        {job.cancel_requested && !isEnded(job.status) ? text("job.cancelling") : text(`job.${job.status}`)}
                    </Chip>
                </span>
                {job.file_name !== null && (
                    <span class="small">
                        <Code>{job.file_name}</Code> {job.size !== null && <span class="soft">{bytesText(job.size)}</span>}
                    </span>
                )}
                <span class="small soft">
                    <time translate={false} title={dateTime(job.created_at)}>
                        {relative(job.finished_at ?? job.started_at ?? job.created_at)}
                    </time>
                    {job.expires_at !== null && job.result_url !== null && <> · {text("job.kept_until", { when: dateTime(job.expires_at) })}</>}
                </span>
                {!isEnded(job.status) && <JobProgress job={job} />}
                {job.error !== null && job.status !== "succeeded" && <span class="small">{failureText(job.error)}</span>}
            </span>
            <span class="row">
                {page !== null && <Button href={page}>{text("job.open")}</Button>}
                {job.result_url !== null && (
                    <Button kind="primary" icon="download" onClick={() => act(() => downloadResult(job))}>
                        {text("job.download")}
                    </Button>
                )}
                {job.status === "failed" && (
                    <Button icon="sync" onClick={retry}>
                        {text("job.retry")}
                    </Button>
                )}
                {!isEnded(job.status) && !job.cancel_requested && (
                    <Button icon="close" onClick={cancel}>
                        {text("job.cancel")}
                    </Button>
                )}
            </span>
        </li>
    );
}
