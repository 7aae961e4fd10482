import { useMemo, useState } from "preact/hooks";
import { dayTexts } from "../../charts/moments.js";
import { Series } from "../../charts/series.js";
import { Bars } from "../../ui/tiles.js";
import { Select } from "../../ui/field.js";
import { Data } from "../../ui/text.js";
import { isNumeric, type ReportColumn, type ReportRow, valueText } from "./cells.js";
import { text } from "./texts.js";
import { titleText } from "./titles.js";

/** So many bars can be told apart on one screen. */
const mostBars = 24;

const secondsOf = (day: string): number => Date.parse(`${day}T12:00:00`) / 1000;

interface ResultChartProps {
    columns: readonly ReportColumn[];
    rows: readonly ReportRow[];
}

/** Whether rows can be drawn: they are grouped, and have a figure. */
export const canBeDrawn = (columns: readonly ReportColumn[]): boolean => columns.some((column) => column.grouped) && columns.some((column) => !column.grouped && isNumeric(column));

/** Groups as bars, or over time as a line. */
export function ResultChart({ columns, rows }: ResultChartProps) {
    const figures = columns.filter((column) => !column.grouped && isNumeric(column));
    const [chosen, choose] = useState("");
    const figure = figures.find((column) => column.name === chosen) ?? figures[0];
    if (figure === undefined) return null;
    const groups = columns.filter((column) => column.grouped);
    const [first] = groups;
    const isOverTime = groups.length === 1 && first?.type === "date";
    return (
        <div class="stack-tight result-chart" data-chart={isOverTime ? "series" : "bars"}>
            {figures.length > 1 && (
                <div class="warehouse-choice">
                    <Select label={text("chart.figure")} value={figure.name} options={figures.map((column) => ({ value: column.name, label: titleText(column.title) }))} onChange={choose} />
                </div>
            )}
            {isOverTime && first !== undefined ? <OverTime day={first} figure={figure} rows={rows} /> : <AsBars groups={groups} figure={figure} rows={rows} />}
        </div>
    );
}

function OverTime({ day, figure, rows }: { day: ReportColumn; figure: ReportColumn; rows: readonly ReportRow[] }) {
    const { times, lines } = useMemo(() => {
        const known = rows.filter((row) => typeof row[day.name] === "string").sort((one, other) => (String(one[day.name]) < String(other[day.name]) ? -1 : 1));
        return {
            times: known.map((row) => secondsOf(String(row[day.name]))),
            lines: [{ name: titleText(figure.title), values: known.map((row) => (typeof row[figure.name] === "number" ? (row[figure.name] as number) : null)), text: (value: number) => valueText(value, figure.type) }],
        };
    }, [day.name, figure.name, rows]);
    return <Series label={text("chart.over_time", { figure: titleText(figure.title) })} times={times} lines={lines} timeTexts={dayTexts} axisTexts={dayTexts} timeLabel={titleText(day.title)} tableLabel={text("chart.table")} />;
}

function AsBars({ groups, figure, rows }: { groups: readonly ReportColumn[]; figure: ReportColumn; rows: readonly ReportRow[] }) {
    const shown = rows.slice(0, mostBars);
    return (
        <>
            <Bars
                rows={shown.map((row, index) => {
                    const value = typeof row[figure.name] === "number" ? (row[figure.name] as number) : 0;
                    return {
                        key: String(index),
                        name: <Data>{groups.map((group) => valueText(row[group.name], group.type)).join(" · ")}</Data>,
                        value,
                        text: valueText(row[figure.name], figure.type),
                        series: value < 0 ? 2 : 1,
                    };
                })}
            />
            {rows.length > shown.length && <p class="small soft">{text("chart.first", { n: shown.length })}</p>}
        </>
    );
}
