import type { Schema } from "@stockverify/client";
import { useEffect, useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { dateTime, number } from "../../i18n/format.js";
import { awaitJob, type Job } from "../../jobs.js";
import { useLoad } from "../../load.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { Progress } from "../../ui/figures.js";
import { Tile } from "../../ui/tiles.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Banner, Chip, EmptyState } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { useEvery } from "./every.js";
import { Outbox } from "./outbox.js";
import { text } from "./texts.js";

type Run = Schema<"ErpRun">;

const isUnderWay = (status: string): boolean => status === "queued" || status === "running";

/** The link to the ERP: whether it answers, what came from it, what goes to it. */
export function ErpPage() {
    const loaded = useLoad(async (signal) => {
        const [erp, jobs] = await Promise.all([
            client.call("get", "/api/admin/erp/sync", { signal }),
            client.call("get", "/api/jobs", { query: { type: "erp.import", limit: 1 }, signal }),
        ]);
        return { erp, job: jobs.items[0] ?? null };
    }, []);
    const job = loaded.data?.job ?? null;
    // This page shows the end of it.
    const jobId = job?.job_id;
    useEffect(() => (jobId === undefined ? undefined : awaitJob(jobId)), [jobId]);
    const isRunning = job !== null && isUnderWay(job.status);
    useEvery(isRunning ? 1 : 15, loaded.reload);
    return (
        <Page title={text("erp.title")}>
            <Loading of={loaded}>
                {({ erp }) => (
                    <div class="stack">
                        <section class="card stack">
                            <div class="row-apart">
                                <h2>{text("erp.link")}</h2>
                                <Link state={erp.state} />
                            </div>
                            {erp.last_error !== null && erp.state === "down" && <Banner tone="bad" title={text("erp.down_text")}><Data>{erp.last_error}</Data></Banner>}
                            {erp.state === "off" ? (
                                <EmptyState icon="sync" title={text("erp.off")} text={text("erp.off_text")} />
                            ) : (
                                <>
                                    <p class="small soft">{erp.interval_seconds === 0 ? text("erp.by_hand") : text("erp.every", { n: Math.max(1, Math.round(erp.interval_seconds / 60)) })}</p>
                                    {isRunning ? <Running job={job} onCancelled={loaded.reload} /> : <Start onStarted={loaded.reload} />}
                                </>
                            )}
                        </section>
                        {erp.last_run !== null && !isRunning && <LastRun run={erp.last_run} />}
                        {erp.last_success !== null && erp.last_success.job_id !== erp.last_run?.job_id && (
                            <p class="small soft">{text("erp.last_success")} <time translate={false}>{dateTime(erp.last_success.finished_at ?? erp.last_success.started_at)}</time></p>
                        )}
                        <Outbox />
                    </div>
                )}
            </Loading>
            <ZoneNote />
        </Page>
    );
}

function Link({ state }: { state: "up" | "down" | "off" }) {
    if (state === "up") return <Chip tone="ok">{text("state.up")}</Chip>;
    return state === "down" ? <Chip tone="bad">{text("state.down")}</Chip> : <Chip>{text("state.off")}</Chip>;
}

function Start({ onStarted }: { onStarted: () => Promise<void> }) {
    const start = async (full: boolean): Promise<void> => {
        if (full && !(await ask({ title: text("erp.full_ask"), text: text("erp.full_text"), confirm: text("erp.take_full") }))) return;
        try {
            await client.call("post", "/api/admin/erp/sync", { body: { full } });
            await onStarted();
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    return (
        <div class="row">
            <Button kind="primary" icon="sync" onClick={() => start(false)}>{text("erp.take_changed")}</Button>
            <Button icon="download" onClick={() => start(true)}>{text("erp.take_full")}</Button>
        </div>
    );
}

function Running({ job, onCancelled }: { job: Job; onCancelled: () => Promise<void> }) {
    const [isAsked, setAsked] = useState(false);
    const { done, total } = job.progress ?? { done: 0, total: 0 };
    const cancel = async (): Promise<void> => {
        try {
            await client.call("delete", "/api/jobs/{id}", { path: { id: job.job_id } });
            setAsked(true);
            await onCancelled();
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    return (
        <div class="stack-tight" role="status">
            <strong>{job.status === "queued" ? text("erp.queued") : total > 0 ? text("erp.progress", { done, total }) : text("erp.running", { n: done })}</strong>
            <Progress share={total > 0 ? done / total : 0} label={text("erp.title")} />
            <div><Button kind="plain" icon="stop" disabled={isAsked || job.cancel_requested} onClick={cancel}>{text("erp.cancel")}</Button></div>
        </div>
    );
}

const tones = { queued: "info", running: "info", succeeded: "ok", failed: "bad", cancelled: "warn" } as const;
const figures = ["created", "changed", "unchanged", "refused", "delisted"] as const;

function LastRun({ run }: { run: Run }) {
    return (
        <section class="stack" data-run={run.job_id}>
            <div class="row-apart">
                <h2>{text("erp.last_run")}</h2>
                <Chip tone={tones[run.status]}>{text(`job.${run.status}`)}</Chip>
            </div>
            <p class="small soft">
                {run.full ? text("erp.was_full") : text("erp.was_changed")} · <time translate={false}>{dateTime(run.finished_at ?? run.started_at)}</time>
            </p>
            {run.error !== null && <Banner tone="bad" title={text("erp.failed")}><Data>{run.error}</Data></Banner>}
            <div class="tiles">
                <Tile label={text("erp.rows")} value={<span translate={false}>{number(run.rows)}</span>} />
                {figures.map((name) => <Tile key={name} label={text(`erp.${name}`)} value={<span translate={false}>{number(run[name])}</span>} />)}
            </div>
            {run.errors.length > 0 && (
                <section class="stack-tight">
                    <Banner tone="warn" title={text("erp.refused_rows", { n: run.refused })}>{text("erp.refused_text")}</Banner>
                    <Table label={text("erp.refused")} rows={run.errors} columns={errorColumns()} keyOf={(error) => `${error.row} ${error.field ?? ""} ${error.message}`} />
                </section>
            )}
        </section>
    );
}

const errorColumns = (): readonly Column<Run["errors"][number]>[] => [
    { key: "row", title: text("erp.row"), width: "minmax(8ch, max-content)", cell: (error) => <strong translate={false}>{number(error.row)}</strong> },
    { key: "item", title: text("erp.item"), width: "minmax(14ch, max-content)", cell: (error) => <Code>{error.item_code ?? "–"}</Code> },
    { key: "field", title: text("erp.field"), width: "minmax(12ch, max-content)", cell: (error) => <Code>{error.field ?? "–"}</Code> },
    { key: "message", title: text("import.reason"), width: "minmax(30ch, 1fr)", cell: (error) => <Data class="wrap">{error.message}</Data> },
];
