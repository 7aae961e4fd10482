import { useMemo, useState } from "preact/hooks";
import { share, signed } from "../../office-format.js";
import { dateTime, figure } from "../../i18n/format.js";
import { isRightToLeft, locale } from "../../i18n/locale.js";
import type { IconName } from "../../ui/icon.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client } from "../../session.js";
import { Segments } from "../../ui/segments.js";
import { Chip, EmptyState, type Tone } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Data } from "../../ui/text.js";
import type { DataOf, Schema } from "./api-types.js";
import { type ReportRow, rowKey, tableColumn } from "./cells.js";
import { KeptPage } from "./kept-page.js";
import { usePaged } from "./paged.js";
import { text } from "./texts.js";
import { titleText } from "./titles.js";

type Change = Schema<"RowChange">;
type Comparison = DataOf<"get", "/api/reports/compare/{id}">;

const looks: { readonly [C in Change]: { tone: Tone; icon: IconName } } = {
    added: { tone: "ok", icon: "plus" },
    removed: { tone: "bad", icon: "minus" },
    changed: { tone: "warn", icon: "edit" },
    unchanged: { tone: "plain", icon: "check" },
};

const isChange = (value: unknown): value is Change => typeof value === "string" && value in looks;

/** What became different between two snapshots. */
export function ComparisonPage() {
    const id = useParameter("comparison");
    const [change, setChange] = useState<Change | "all">("all");
    const loaded = usePaged(
        (cursor, signal) => client.call("get", "/api/reports/compare/{id}", { path: { id }, query: { limit: 200, ...(change === "all" ? {} : { change }), ...(cursor === undefined ? {} : { cursor }) }, signal }),
        [id, change],
    );
    return (
        <KeptPage
            title={text("comparison.title")}
            back={`${pathTo("/snapshots")}?comparisons`}
            loaded={loaded}
            resource={`/api/reports/compare/${encodeURIComponent(id)}`}
            remove={() => client.call("delete", "/api/reports/compare/{id}", { path: { id } })}
        >
            {(comparison) => <Content comparison={comparison} change={change} onChange={setChange} onEnd={loaded.more} />}
        </KeptPage>
    );
}

function Content({ comparison, change, onChange, onEnd }: { comparison: Comparison; change: Change | "all"; onChange: (change: Change | "all") => void; onEnd: () => void }) {
    const columns = useMemo(() => comparison.columns.map(changeColumn), [comparison.columns]);
    const shown: readonly Change[] = comparison.include_unchanged ? ["added", "removed", "changed", "unchanged"] : ["added", "removed", "changed"];
    return (
        <>
            <Sides comparison={comparison} />
            <Fields comparison={comparison} />
            <Segments
                label={text("comparison.which")}
                value={change}
                options={[{ value: "all" as const, label: text("comparison.all", { n: comparison.rows }) }, ...shown.map((value) => ({ value, label: text("change.counted", { change: text(`change.${value}`), n: comparison.counts[value] }) }))]}
                onChange={onChange}
            />
            {comparison.items.length === 0 && comparison.next_cursor === null ? (
                <EmptyState icon="check" title={text("comparison.none")} text={text("comparison.none_text", { n: comparison.counts.unchanged })} />
            ) : (
                <Table label={comparison.name} rows={comparison.items} total={change === "all" ? comparison.total : comparison.counts[change]} columns={columns} keyOf={(row) => rowKey(comparison.columns, row)} onEnd={onEnd} rowHeight={48} />
            )}
        </>
    );
}

/** What happened to a row is told by a word and a sign. */
function changeColumn(column: Comparison["columns"][number]): Column<ReportRow> {
    if (column.name !== "change") return tableColumn(column);
    return {
        ...tableColumn(column),
        width: "max-content",
        cell: (row) => {
            const value = row["change"];
            if (!isChange(value)) return "–";
            return (
                <Chip tone={looks[value].tone} icon={looks[value].icon}>
                    {text(`change.${value}`)}
                </Chip>
            );
        },
    };
}

function Sides({ comparison }: { comparison: Comparison }) {
    return (
        <dl class="card facts">
            {([["compare.before", comparison.baseline], ["compare.after", comparison.comparison]] as const).map(([key, side]) => (
                <div key={key}>
                    <dt>{text(key)}</dt>
                    <dd>
                        <a class="plain-link" href={pathTo("/snapshots", side.snapshot_id)}>
                            <Data>{side.name ?? side.snapshot_id}</Data>
                        </a>{" "}
                        · {text("job.rows_done", { n: side.rows })}
                        {side.taken_at !== null && (
                            <>
                                {" "}
                                · <time translate={false}>{dateTime(side.taken_at)}</time>
                            </>
                        )}
                    </dd>
                </div>
            ))}
        </dl>
    );
}

/** What the columns sum up to on both sides. */
function Fields({ comparison }: { comparison: Comparison }) {
    const fields = comparison.fields.filter((field) => field.baseline_sum !== null || field.comparison_sum !== null);
    if (fields.length === 0) return null;
    return (
        <div class="tiles comparison-fields">
            {fields.map((field) => (
                <div key={field.name} class="card stack-tight">
                    <span class="small soft">{titleText(field.title)}</span>
                    <span class="tile-value" translate={false}>
                        {field.delta === null ? "–" : signed(field.delta)}
                    </span>
                    <span class="small soft number" translate={false}>
                        {figure(field.baseline_sum)} {isRightToLeft(locale.value) ? "←" : "→"} {figure(field.comparison_sum)}
                        {field.percent !== null && ` · ${share(field.percent)}`}
                    </span>
                </div>
            ))}
        </div>
    );
}
