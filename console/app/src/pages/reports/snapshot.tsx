import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { dateTime, figure, number } from "../../i18n/format.js";
import type { Job } from "../../jobs.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { Tile } from "../../ui/figures.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { EmptyState } from "../../ui/surface.js";
import { Table } from "../../ui/table.js";
import { Code, Data } from "../../ui/text.js";
import type { DataOf } from "./api-types.js";
import { tableColumn } from "./cells.js";
import { FileDialog, whyText } from "./file-dialog.js";
import { makeExport, refreshSnapshot } from "./files.js";
import { JobProgress } from "./job-progress.js";
import { type Paged, usePaged } from "./paged.js";
import { rowKey } from "./result.js";
import { canBeDrawn, ResultChart } from "./result-chart.js";
import { text } from "./texts.js";
import { titleText } from "./titles.js";

type Snapshot = DataOf<"get", "/api/reports/snapshots/{id}">;

/** Rows as they were at one instant. */
export function SnapshotPage() {
    const id = useParameter("snapshot");
    const loaded = usePaged((cursor, signal) => client.call("get", "/api/reports/snapshots/{id}", { path: { id }, query: { limit: 200, ...(cursor === undefined ? {} : { cursor }) }, signal }), [id]);
    const name = loaded.data?.name;
    return (
        <Page title={name ?? text("snapshot.title")} {...(name === undefined ? {} : { heading: <Data>{name}</Data> })} back={pathTo("/snapshots")} wide>
            <Loading of={loaded} rows={3} height={140}>
                {(snapshot) => <Content snapshot={snapshot} loaded={loaded} />}
            </Loading>
        </Page>
    );
}

function Content({ snapshot, loaded }: { snapshot: Snapshot; loaded: Paged<Snapshot, Snapshot["items"][number]> }) {
    const { route } = useLocation();
    const [isMaking, make] = useState(false);
    const [view, setView] = useState<"table" | "chart">("table");
    const [job, setJob] = useState<Job | null>(null);
    const refresh = async (): Promise<void> => {
        try {
            route(pathTo("/snapshots", await refreshSnapshot(snapshot.snapshot_id, setJob)));
        } catch (fault) {
            notify({ tone: "bad", text: whyText(fault) });
        }
        setJob(null);
    };
    const remove = async (): Promise<void> => {
        if (!(await ask({ title: text("reports.delete_ask", { name: snapshot.name }), text: text("snapshot.delete_text"), confirm: text("reports.delete"), danger: true }))) return;
        try {
            await client.call("delete", "/api/reports/snapshots/{id}", { path: { id: snapshot.snapshot_id } });
            route(pathTo("/snapshots"), true);
        } catch (fault) {
            notify({ tone: "bad", text: whyText(fault) });
        }
    };
    const isDrawn = canBeDrawn(snapshot.columns);
    return (
        <div class="stack">
            <div class="row">
                <Button kind="primary" icon="download" onClick={() => make(true)}>
                    {text("builder.file")}
                </Button>
                <Button icon="sync" onClick={refresh}>
                    {text("snapshot.again")}
                </Button>
                <Button icon="trash" onClick={remove}>
                    {text("reports.delete")}
                </Button>
            </div>
            {job !== null && <JobProgress job={job} />}
            <div class="tiles">
                <Tile label={text("snapshot.rows")} value={number(snapshot.rows)} />
                {snapshot.columns
                    .filter((column) => column.total && snapshot.totals[column.name] !== undefined)
                    .slice(0, 4)
                    .map((column) => (
                        <Tile key={column.name} label={titleText(column.title)} value={<span translate={false}>{figure(snapshot.totals[column.name])}</span>} />
                    ))}
            </div>
            <dl class="card facts">
                <div>
                    <dt>{text("snapshot.taken_at")}</dt>
                    <dd translate={false}>{dateTime(snapshot.taken_at)}</dd>
                </div>
                <div>
                    <dt>{text("snapshot.query")}</dt>
                    <dd>
                        <Data>{snapshot.query_text}</Data>
                    </dd>
                </div>
                <div>
                    <dt>{text("snapshot.digest")}</dt>
                    <dd>
                        <Code>{snapshot.digest.slice(0, 16)}</Code>
                    </dd>
                </div>
            </dl>
            {isDrawn && (
                <Segments
                    label={text("builder.view")}
                    value={view}
                    options={[
                        { value: "table", label: text("builder.table") },
                        { value: "chart", label: text("builder.chart") },
                    ]}
                    onChange={setView}
                />
            )}
            {snapshot.items.length === 0 ? (
                <EmptyState icon="search" title={text("builder.no_rows")} text={text("snapshot.no_rows_text")} />
            ) : view === "chart" && isDrawn ? (
                <ResultChart columns={snapshot.columns} rows={snapshot.items} />
            ) : (
                <Table label={snapshot.name} rows={snapshot.items} total={snapshot.total} columns={snapshot.columns.map((column) => tableColumn(column))} keyOf={(row) => rowKey(snapshot.columns, row)} onEnd={loaded.more} rowHeight={44} />
            )}
            {isMaking && <FileDialog title={text("builder.file")} fileName={snapshot.name} make={(format, onProgress) => makeExport(`/api/reports/snapshots/${encodeURIComponent(snapshot.snapshot_id)}`, format, onProgress)} onClose={() => make(false)} />}
        </div>
    );
}
