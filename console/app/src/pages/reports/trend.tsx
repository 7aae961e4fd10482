import { useMemo, useState } from "preact/hooks";
import { share, signed, signedPercent } from "../../office-format.js";
import { axisTexts, exactTexts } from "../../charts/moments.js";
import { Series } from "../../charts/series.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Select } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import type { Schema } from "./api-types.js";
import { valueText } from "./cells.js";
import { text } from "./texts.js";
import { titleText } from "./titles.js";

type Trend = Schema<"Trend">;

/** How a figure went from snapshot to snapshot of a tag. */
export function TrendPage() {
    const tag = new URLSearchParams(location.search).get("tag") ?? "";
    const [metric, setMetric] = useState("rows");
    const loaded = useLoad(
        async (signal) => {
            const trend = await client.call("get", "/api/reports/trend", { query: { tag, metric }, signal });
            const last = trend.points.at(-1);
            // Which figures there are is told by the newest snapshot's columns.
            const columns = last === undefined ? [] : (await client.call("get", "/api/reports/snapshots/{id}", { path: { id: last.snapshot_id }, query: { limit: 1 }, signal })).columns;
            return { trend, columns: columns.filter((column) => column.total) };
        },
        [tag, metric],
    );
    return (
        <Page title={text("trend.title")} back={pathTo("/snapshots")} wide>
            <div class="stack">
                <div class="row">
                    <Chip icon="filter">
                        <Data>{tag}</Data>
                    </Chip>
                </div>
                <Loading of={loaded} rows={2} height={240}>
                    {({ trend, columns }) => (
                        <>
                            <div class="warehouse-choice">
                                <Select label={text("chart.figure")} value={metric} options={[{ value: "rows", label: text("snapshot.rows") }, ...columns.map((column) => ({ value: column.name, label: titleText(column.title) }))]} onChange={setMetric} />
                            </div>
                            <Points trend={trend} />
                        </>
                    )}
                </Loading>
            </div>
            <ZoneNote />
        </Page>
    );
}

function Points({ trend }: { trend: Trend }) {
    const name = trend.metric === "rows" || trend.title === null ? text("snapshot.rows") : titleText(trend.title);
    const type = trend.type ?? "integer";
    const { times, lines } = useMemo(
        () => ({
            times: trend.points.map((point) => Date.parse(point.taken_at) / 1000),
            lines: [{ name, values: trend.points.map((point) => point.value), text: (value: number) => valueText(value, type), marked: trend.points.flatMap((point, index) => (point.outlier ? [index] : [])) }],
        }),
        [trend, name],
    );
    if (trend.points.length < 2)
        return (
            <EmptyState
                icon="chart"
                title={text("trend.few")}
                text={text("trend.few_text")}
                action={
                    <Button kind="primary" icon="calendar" href={pathTo("/schedules/new")}>
                        {text("schedules.new")}
                    </Button>
                }
            />
        );
    const taken = exactTexts(times);
    const newestFirst = trend.points.map((point, index) => ({ point, taken: taken[index] })).reverse();
    return (
        <>
            <Series label={text("chart.over_time", { figure: name })} times={times} lines={lines} timeTexts={exactTexts} axisTexts={axisTexts} timeLabel={text("snapshot.taken_at")} tableLabel={text("chart.table")} />
            <ul class="list trend-points">
                {newestFirst.map(({ point, taken }) => (
                    <li key={point.snapshot_id}>
                        <a class="list-row" href={pathTo("/snapshots", point.snapshot_id)}>
                            <span class="grow">
                                <time translate={false}>{taken}</time>
                            </span>
                            {point.outlier && (
                                <Chip tone="warn" icon="flag">
                                    {text("trend.outlier")}
                                </Chip>
                            )}
                            <strong class="number" translate={false}>
                                {valueText(point.value, type)}
                            </strong>
                            <span class="small soft number" translate={false}>
                                {point.change !== null && (type === "ratio" ? signedPercent(point.change * 100) : signed(point.change))}
                                {point.change_percent !== null && ` (${share(point.change_percent)})`}
                            </span>
                        </a>
                    </li>
                ))}
            </ul>
        </>
    );
}
