import { useState } from "preact/hooks";
import { dateTime, number } from "../../i18n/format.js";
import { useLiveReload } from "../../live.js";
import { relative } from "../../office-format.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Icon } from "../../ui/icon.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import type { Schema } from "./api-types.js";
import { CompareDialog } from "./compare-dialog.js";
import { usePaged } from "./paged.js";
import { text } from "./texts.js";

type Head = Schema<"SnapshotHead">;

/** What was kept as it was, and what came of comparing. */
export function SnapshotsPage() {
    const [view, setView] = useState<"snapshots" | "comparisons">(() => (new URLSearchParams(location.search).has("comparisons") ? "comparisons" : "snapshots"));
    return (
        <Page title={text("snapshots.title")}>
            <div class="stack">
                <Segments
                    label={text("snapshots.view")}
                    value={view}
                    options={[
                        { value: "snapshots", label: text("snapshots.title") },
                        { value: "comparisons", label: text("comparisons.title") },
                    ]}
                    onChange={setView}
                />
                {view === "snapshots" ? <Snapshots /> : <Comparisons />}
            </div>
            <ZoneNote />
        </Page>
    );
}

function Snapshots() {
    const [tag, setTag] = useState<string | null>(null);
    const [chosen, choose] = useState<readonly Head[]>([]);
    const [comparing, compare] = useState(false);
    const loaded = usePaged((cursor, signal) => client.call("get", "/api/reports/snapshots", { query: { limit: 50, ...(tag === null ? {} : { tag }), ...(cursor === undefined ? {} : { cursor }) }, signal }), [tag]);
    useLiveReload(["job.updated"], loaded.reload, (event) => event["status"] === "succeeded");
    /** The last two that were tapped are compared. */
    const toggle = (head: Head): void => choose(chosen.some(({ snapshot_id }) => snapshot_id === head.snapshot_id) ? chosen.filter(({ snapshot_id }) => snapshot_id !== head.snapshot_id) : [...chosen.slice(-1), head]);
    const [one, other] = [...chosen].sort((a, b) => (a.taken_at < b.taken_at ? -1 : 1));
    return (
        <>
            {tag !== null && (
                <div class="row">
                    <Chip icon="filter">
                        <Data>{tag}</Data>
                    </Chip>
                    <Button icon="chart" href={`${pathTo("/trend")}?tag=${encodeURIComponent(tag)}`}>
                        {text("snapshots.trend")}
                    </Button>
                    <Button kind="plain" icon="close" onClick={() => setTag(null)}>
                        {text("snapshots.all")}
                    </Button>
                </div>
            )}
            <Loading of={loaded} rows={4}>
                {({ items, next_cursor }) =>
                    items.length === 0 ? (
                        <EmptyState
                            icon="camera"
                            title={text("snapshots.none")}
                            text={text("snapshots.none_text")}
                            action={
                                <Button kind="primary" icon="plus" href={pathTo("/reports/build")}>
                                    {text("reports.new")}
                                </Button>
                            }
                        />
                    ) : (
                        <>
                            <p class="small soft">{text("snapshots.choose_two")}</p>
                            <ul class="list">
                                {items.map((head) => (
                                    <SnapshotRow key={head.snapshot_id} head={head} isChosen={chosen.some(({ snapshot_id }) => snapshot_id === head.snapshot_id)} onChoose={() => toggle(head)} onTag={setTag} />
                                ))}
                            </ul>
                            {next_cursor !== null && (
                                <Button wide onClick={loaded.more}>
                                    {text("more")}
                                </Button>
                            )}
                            {other !== undefined && (
                                <div class="compare-bar">
                                    <Button kind="primary" size="large" icon="conflict" wide onClick={() => compare(true)}>
                                        {text("snapshots.compare")}
                                    </Button>
                                </div>
                            )}
                        </>
                    )
                }
            </Loading>
            {comparing && one !== undefined && other !== undefined && <CompareDialog baseline={one} comparison={other} onClose={() => compare(false)} />}
        </>
    );
}

function SnapshotRow({ head, isChosen, onChoose, onTag }: { head: Head; isChosen: boolean; onChoose: () => void; onTag: (tag: string) => void }) {
    return (
        <li class="row saved-row" data-snapshot={head.snapshot_id}>
            <label class="check snapshot-check">
                <input type="checkbox" checked={isChosen} onChange={onChoose} aria-label={text("snapshots.choose", { name: head.name, time: dateTime(head.taken_at) })} />
            </label>
            <div class="grow stack-tight snapshot-row">
                <a class="row snapshot-link" href={pathTo("/snapshots", head.snapshot_id)}>
                    <strong>
                        <Data>{head.name}</Data>
                    </strong>
                    {head.version > 1 && <Chip icon="sync">{text("snapshots.version", { version: number(head.version) })}</Chip>}
                    {head.schedule_id !== null && <Chip icon="calendar">{text("snapshots.scheduled")}</Chip>}
                </a>
                <span class="small soft">
                    {text("job.rows_done", { n: head.rows })} · <time translate={false} title={relative(head.taken_at)}>{dateTime(head.taken_at)}</time> · <Data>{head.created_by.full_name ?? head.created_by.username ?? head.created_by.user_id}</Data>
                </span>
                {head.tags.length > 0 && (
                    <span class="row snapshot-tags">
                        {head.tags.map((tag) => (
                            <button key={tag} type="button" class="chip chip-button" onClick={() => onTag(tag)}>
                                <Icon name="filter" />
                                <Data>{tag}</Data>
                            </button>
                        ))}
                    </span>
                )}
            </div>
        </li>
    );
}

function Comparisons() {
    const loaded = usePaged((cursor, signal) => client.call("get", "/api/reports/compare", { query: { limit: 50, ...(cursor === undefined ? {} : { cursor }) }, signal }), []);
    return (
        <Loading of={loaded} rows={4}>
            {({ items, next_cursor }) =>
                items.length === 0 ? (
                    <EmptyState icon="conflict" title={text("comparisons.none")} text={text("comparisons.none_text")} />
                ) : (
                    <>
                        <ul class="list">
                            {items.map((comparison) => (
                                <li key={comparison.job_id}>
                                    <a class="list-row" href={pathTo("/comparisons", comparison.job_id)}>
                                        <span class="grow">
                                            <strong>
                                                <Data>{comparison.name}</Data>
                                            </strong>
                                            <div class="small soft">
                                                {text("comparisons.counts", { added: comparison.counts.added, removed: comparison.counts.removed, changed: comparison.counts.changed })} · <time translate={false}>{relative(comparison.created_at)}</time>
                                            </div>
                                        </span>
                                        <Icon name="next" class="soft" />
                                    </a>
                                </li>
                            ))}
                        </ul>
                        {next_cursor !== null && (
                            <Button wide onClick={loaded.more}>
                                {text("more")}
                            </Button>
                        )}
                    </>
                )
            }
        </Loading>
    );
}

