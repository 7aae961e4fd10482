import { useLocation } from "preact-iso";
import { dateTime } from "../../i18n/format.js";
import { useLiveReload } from "../../live.js";
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
import { type Count, countSigns } from "./kinds.js";
import { OnlyWarehouse } from "./only-warehouse.js";
import { text } from "./texts.js";
import { useWalk } from "./walk.js";

const filters = ["all", "OPEN", "RECONCILE", "APPROVED", "CLOSED"] as const;
type Filter = (typeof filters)[number];

function listOf(filter: Filter, warehouse: string | undefined): string {
    const query = new URLSearchParams({ ...(filter === "all" ? {} : { status: filter }), ...(warehouse === undefined ? {} : { warehouse }) }).toString();
    return query === "" ? pathTo("/counts") : `${pathTo("/counts")}?${query}`;
}

/** Counts, newest first: what is being counted, what waits to be reviewed, what is over. */
export function CountsPage() {
    const { query, route } = useLocation();
    const filter: Filter = filters.find((each) => each === query["status"]) ?? "all";
    const warehouse = query["warehouse"];
    const walk = useWalk((cursor, signal) => client.call("get", "/api/sessions", { query: { limit: 50, ...(filter === "all" ? {} : { status: filter }), ...(warehouse === undefined ? {} : { warehouse }), ...(cursor === undefined ? {} : { cursor }) }, signal }), [filter, warehouse]);
    useLiveReload(["count."], walk.reload);
    return (
        <Page
            title={text("counts.title")}
            actions={
                <Button kind="primary" icon="plus" href={pathTo("/counts/new")}>
                    {text("counts.open")}
                </Button>
            }
        >
            <div class="stack">
                <Segments label={text("counts.filter")} value={filter} options={filters.map((value) => ({ value, label: text(value === "all" ? "counts.all" : `count.status.${value}`) }))} onChange={(value) => route(listOf(value, warehouse), true)} />
                <OnlyWarehouse warehouse={warehouse} all={listOf(filter, undefined)} />
                <Loading of={walk} rows={6}>
                    {({ rows, next }) =>
                        rows.length === 0 ? (
                            <EmptyState icon="list" title={text(filter === "all" ? "counts.none" : "counts.none_such")} text={text(filter === "all" ? "counts.none_text" : "counts.none_such_text")} />
                        ) : (
                            <>
                                <ul class="list">
                                    {rows.map((count) => (
                                        <li key={count.session_id}>
                                            <CountRow count={count} />
                                        </li>
                                    ))}
                                </ul>
                                {next !== null && <Button wide onClick={walk.more}>{text("more.rows")}</Button>}
                            </>
                        )
                    }
                </Loading>
            </div>
            <ZoneNote />
        </Page>
    );
}

function CountRow({ count }: { count: Count }) {
    return (
        <a class="list-row" href={pathTo("/counts", count.session_id)}>
            <span class="grow stack-tight">
                <strong>
                    <CountName count={count} />
                </strong>
                <span class="small soft">
                    <Scope count={count} /> · <time translate={false}>{dateTime(count.started_at)}</time>
                </span>
                <span class="row chips">
                    <CountState count={count} />
                    <CountKind count={count} />
                    {(count.total_items ?? 0) > 0 && <span class="small soft">{text("counts.items", { n: count.total_items ?? 0 })}</span>}
                </span>
            </span>
            <Icon name="next" class="soft" />
        </a>
    );
}

/** What people called it; a standing count is called by its period. */
export function CountName({ count }: { count: Count }) {
    if (count.name !== null && count.name !== "") return <Data>{count.name}</Data>;
    if (count.kind === "standing") return <>{text("counts.standing", { period: count.period ?? "" })}</>;
    return <>{text("counts.unnamed", { warehouse: count.warehouse })}</>;
}

export function countTitle(count: Count | undefined): string {
    if (count === undefined) return text("count.title");
    if (count.name !== null && count.name !== "") return count.name;
    return count.kind === "standing" ? text("counts.standing", { period: count.period ?? "" }) : text("counts.unnamed", { warehouse: count.warehouse });
}

export function CountState({ count }: { count: Pick<Count, "status"> }) {
    return <Chip {...countSigns[count.status]}>{text(`count.status.${count.status}`)}</Chip>;
}

export function CountKind({ count }: { count: Count }) {
    if (count.blind) return <Chip icon="lock">{text("count.blind")}</Chip>;
    if (count.strict) return <Chip icon="shield">{text("count.strict")}</Chip>;
    return null;
}

export function Scope({ count }: { count: Count }) {
    return (
        <>
            <Data>{count.warehouse}</Data>
            {count.floor !== null && <> · <Data>{count.floor}</Data></>}
            {count.racks !== null && <> · {text("count.scope_racks", { n: count.racks.length })}</>}
        </>
    );
}

