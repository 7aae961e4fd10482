import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { dateTime, figure, number } from "../../i18n/format.js";
import type { Job } from "../../jobs.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Tile } from "../../ui/tiles.js";
import { notify } from "../../ui/notices.js";
import { Code, Data } from "../../ui/text.js";
import type { DataOf } from "./api-types.js";
import { whyText } from "./file-dialog.js";
import { refreshSnapshot } from "./files.js";
import { JobProgress } from "./job-progress.js";
import { KeptPage } from "./kept-page.js";
import { usePaged } from "./paged.js";
import { RowsView } from "./rows-view.js";
import { text } from "./texts.js";
import { titleText } from "./titles.js";

type Snapshot = DataOf<"get", "/api/reports/snapshots/{id}">;

/** Rows as they were at one instant. */
export function SnapshotPage() {
    const id = useParameter("snapshot");
    const { route } = useLocation();
    const [job, setJob] = useState<Job | null>(null);
    const loaded = usePaged((cursor, signal) => client.call("get", "/api/reports/snapshots/{id}", { path: { id }, query: { limit: 200, ...(cursor === undefined ? {} : { cursor }) }, signal }), [id]);
    const refresh = async (): Promise<void> => {
        try {
            route(pathTo("/snapshots", await refreshSnapshot(id, setJob)));
        } catch (fault) {
            notify({ tone: "bad", text: whyText(fault) });
        }
        setJob(null);
    };
    return (
        <KeptPage
            title={text("snapshot.title")}
            back={pathTo("/snapshots")}
            loaded={loaded}
            resource={`/api/reports/snapshots/${encodeURIComponent(id)}`}
            removeText={text("snapshot.delete_text")}
            remove={() => client.call("delete", "/api/reports/snapshots/{id}", { path: { id } })}
            actions={() => (
                <Button icon="sync" onClick={refresh}>
                    {text("snapshot.again")}
                </Button>
            )}
        >
            {(snapshot) => (
                <>
                    {job !== null && <JobProgress job={job} />}
                    <Sums snapshot={snapshot} />
                    <Facts snapshot={snapshot} />
                    <RowsView label={snapshot.name} columns={snapshot.columns} rows={snapshot.items} total={snapshot.total} emptyText={text("snapshot.no_rows_text")} onEnd={loaded.more} />
                </>
            )}
        </KeptPage>
    );
}

function Sums({ snapshot }: { snapshot: Snapshot }) {
    return (
        <div class="tiles">
            <Tile label={text("snapshot.rows")} value={number(snapshot.rows)} />
            {snapshot.columns
                .filter((column) => column.total && snapshot.totals[column.name] !== undefined)
                .slice(0, 4)
                .map((column) => (
                    <Tile key={column.name} label={titleText(column.title)} value={<span translate={false}>{figure(snapshot.totals[column.name])}</span>} />
                ))}
        </div>
    );
}

function Facts({ snapshot }: { snapshot: Snapshot }) {
    return (
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
    );
}
