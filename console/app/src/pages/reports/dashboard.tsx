import type { Schema } from "@stockverify/client";
import { useMemo } from "preact/hooks";
import { Columns } from "../../charts/columns.js";
import { clockTime, dateTime, number } from "../../i18n/format.js";
import { useLiveReload } from "../../live.js";
import { useLoad } from "../../load.js";
import { relative } from "../../office-format.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Ring } from "../../ui/figures.js";
import { Tile } from "../../ui/tiles.js";
import { Icon } from "../../ui/icon.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Card, Chip, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import type { DataOf } from "./api-types.js";
import { LiveChip } from "./live-chip.js";
import { RackShares } from "./rack-shares.js";
import { text } from "./texts.js";
import { useWarehouse, WarehouseChoice } from "./warehouse.js";
import { actionIcon, actionText, alertIcon, alertText } from "./words.js";

type Dashboard = DataOf<"get", "/api/admin/dashboard">;

/** A busy floor tells something every moment: what is summed up is read anew every few seconds. */
const pause = 5000;

/** Of what happened last; the watchtower tells more. */
const told = 12;

/** How it stands, in one look: racks, figures, what waits for a decision, who is at work. */
export function DashboardPage() {
    const [warehouse, choose] = useWarehouse();
    const loaded = useLoad((signal) => client.call("get", "/api/admin/dashboard", { query: warehouse === "" ? {} : { warehouse }, signal }), [warehouse]);
    useLiveReload(["rack.", "session.", "count.", "review.", "recount."], loaded.reload, undefined, pause);
    return (
        <Page title={text("dashboard.title")} wide actions={<LiveChip />}>
            <div class="stack">
                <WarehouseChoice value={warehouse} onChange={choose} floors={loaded.data?.floors} />
                <Loading of={loaded} rows={4} height={140}>
                    {(data) => <Content data={data} />}
                </Loading>
            </div>
            {loaded.data !== undefined && <ZoneNote days={{ zone: loaded.data.kpis.time_zone }} />}
        </Page>
    );
}

function Content({ data }: { data: Dashboard }) {
    return (
        <div class="dashboard">
            <Figures data={data} />
            <Racks data={data} />
            <Hours data={data} />
            <Floors floors={data.floors} />
            {data.alerts.length > 0 && <Alerts alerts={data.alerts} />}
            <Counts counts={data.open_counts} />
            <People people={data.active_users} />
            <Activity items={data.activity.items} />
        </div>
    );
}

function Racks({ data: { kpis } }: { data: Dashboard }) {
    const total = kpis.racks.available + kpis.racks.claimed + kpis.racks.paused + kpis.racks.completed;
    return (
        <Card class="dashboard-racks">
            <h2>{text("dashboard.racks")}</h2>
            <div class="row dashboard-ring">
                <Ring share={total === 0 ? 0 : kpis.racks.completed / total} size={128} label={text("dashboard.racks_done", { done: kpis.racks.completed, total })} />
                <RackShares racks={kpis.racks} />
            </div>
            <Button kind="soft" icon="live" href={pathTo("/watchtower")}>
                {text("dashboard.to_watchtower")}
            </Button>
        </Card>
    );
}

/** Each figure leads to the list that it counts. */
function Figures({ data: { kpis } }: { data: Dashboard }) {
    const of: { warehouse?: string } = kpis.warehouse === null ? {} : { warehouse: kpis.warehouse };
    const listOf = (path: string): string => (kpis.warehouse === null ? pathTo(path) : `${pathTo(path)}?${new URLSearchParams({ warehouse: kpis.warehouse })}`);
    return (
        <div class="tiles dashboard-tiles">
            <Tile label={text("dashboard.records_today")} value={number(kpis.records_today)} href={`${pathTo("/reports/build")}?${new URLSearchParams({ collection: "verification_records", field: "counted_at", period: "today", ...of })}`} />
            <Tile label={text("dashboard.counts_open")} value={number(kpis.counts.open)} href={`${pathTo("/counts")}?${new URLSearchParams({ status: "OPEN", ...of })}`} />
            <Tile label={text("dashboard.counts_reconcile")} value={number(kpis.counts.reconcile)} href={`${pathTo("/counts")}?${new URLSearchParams({ status: "RECONCILE", ...of })}`} />
            <Tile label={text("dashboard.conflicts")} value={number(kpis.waiting.conflicts)} href={listOf("/decide")} />
            <Tile label={text("dashboard.unknown_items")} value={number(kpis.waiting.unknown_items)} href={listOf("/unknown-items")} />
        </div>
    );
}

function Hours({ data: { kpis } }: { data: Dashboard }) {
    const columns = useMemo(
        () =>
            kpis.records_by_hour.map(({ from, records }, index) => ({
                key: from,
                label: index % 6 === 5 ? clockTime(from) : "",
                value: records,
                text: text("dashboard.hour", { n: records, time: clockTime(from) }),
            })),
        [kpis],
    );
    return (
        <Card>
            <h2>{text("dashboard.hours")}</h2>
            <Columns label={text("dashboard.hours")} columns={columns} />
        </Card>
    );
}

function Alerts({ alerts }: { alerts: readonly Schema<"Alert">[] }) {
    return (
        <Card class="dashboard-alerts">
            <h2>{text("dashboard.alerts")}</h2>
            <ul class="plain-list">
                {alerts.map((alert) => (
                    <li key={`${alert.rule} ${alert.session_id ?? ""} ${alert.user_id ?? ""}`} class="row plain-row">
                        <Chip tone="warn" icon={alertIcon(alert)}>
                            {text(`alert.${alert.rule}_name`)}
                        </Chip>
                        <span class="grow">{alertText(alert)}</span>
                    </li>
                ))}
            </ul>
        </Card>
    );
}

function Floors({ floors }: { floors: readonly Schema<"FloorRacks">[] }) {
    if (floors.length === 0) return null;
    return (
        <Card>
            <h2>{text("dashboard.floors")}</h2>
            <ul class="plain-list">
                {floors.map((floor) => (
                    <li key={`${floor.warehouse} ${floor.floor}`} class="row plain-row">
                        <Ring share={floor.total === 0 ? 0 : floor.completed / floor.total} size={52} label={text("dashboard.racks_done", { done: floor.completed, total: floor.total })} />
                        <span class="grow">
                            <strong>
                                <Data>{floor.floor}</Data>
                            </strong>
                            <div class="small soft">
                                <Data>{floor.warehouse}</Data> · {text("dashboard.floor_now", { claimed: floor.claimed + floor.paused, available: floor.available })}
                            </div>
                        </span>
                    </li>
                ))}
            </ul>
        </Card>
    );
}

function Counts({ counts }: { counts: Dashboard["open_counts"] }) {
    return (
        <Card>
            <h2>{text("dashboard.counts")}</h2>
            {counts.length === 0 ? (
                <p class="soft">{text("dashboard.no_counts")}</p>
            ) : (
                <ul class="plain-list">
                    {counts.map((count) => (
                        <li key={count.session_id} class="row plain-row">
                            <span class="grow">
                                <a class="plain-link" href={pathTo("/counts", count.session_id)}>
                                    <strong>{count.name === null ? text(`dashboard.count_${count.kind}`) : <Data>{count.name}</Data>}</strong>
                                </a>
                                <div class="small soft">
                                    <Data>{[count.warehouse, count.floor].filter((part) => part !== null).join(" · ")}</Data> · <time translate={false}>{dateTime(count.started_at)}</time>
                                </div>
                            </span>
                            {count.blind && <Chip icon="lock">{text("dashboard.blind")}</Chip>}
                            <Chip tone={count.status === "OPEN" ? "info" : "warn"} icon={count.status === "OPEN" ? "play" : "search"}>
                                {count.status === "OPEN" ? text("dashboard.count_open") : text("dashboard.count_review")}
                            </Chip>
                        </li>
                    ))}
                </ul>
            )}
        </Card>
    );
}

function People({ people }: { people: readonly Schema<"ActiveUser">[] }) {
    return (
        <Card>
            <h2>{text("dashboard.people")}</h2>
            {people.length === 0 ? (
                <p class="soft">{text("dashboard.nobody")}</p>
            ) : (
                <ul class="plain-list">
                    {people.map((person) => (
                        <li key={person.user_id} class="row plain-row">
                            <Icon name="user" />
                            <span class="grow">
                                <strong>
                                    <Data>{person.full_name ?? person.username ?? person.user_id}</Data>
                                </strong>
                                <div class="small soft">
                                    {person.sessions.map((session, index) => (
                                        <>
                                            {index > 0 && " · "}
                                            <Code key={session.session_id}>{session.rack_id}</Code>
                                        </>
                                    ))}
                                </div>
                            </span>
                            {person.last_heartbeat !== null && (
                                <time class="small soft" translate={false}>
                                    {relative(person.last_heartbeat)}
                                </time>
                            )}
                        </li>
                    ))}
                </ul>
            )}
        </Card>
    );
}

/** Whose doing it was; of what the server did itself, nobody's. */
const who = (item: Schema<"Activity">): string | null => item.full_name ?? item.user_id;

function Activity({ items }: { items: readonly Schema<"Activity">[] }) {
    if (items.length === 0)
        return (
            <Card class="dashboard-activity">
                <h2>{text("dashboard.activity")}</h2>
                <EmptyState icon="rack" title={text("dashboard.quiet")} text={text("dashboard.quiet_text")} />
            </Card>
        );
    return (
        <Card class="dashboard-activity">
            <h2>{text("dashboard.activity")}</h2>
            <ul class="plain-list">
                {items.slice(0, told).map((item, index) => (
                    <li key={`${item.at} ${item.action} ${index}`} class="row plain-row">
                        <Icon name={actionIcon(item.action)} class="soft" />
                        <span class="grow">
                            {actionText(item.action)} {item.rack_id !== null && <Code>{item.rack_id}</Code>}
                            {who(item) !== null && (
                                <div class="small soft">
                                    <Data>{who(item)}</Data>
                                </div>
                            )}
                        </span>
                        <time class="small soft" translate={false} title={dateTime(item.at)}>
                            {relative(item.at)}
                        </time>
                    </li>
                ))}
            </ul>
        </Card>
    );
}
