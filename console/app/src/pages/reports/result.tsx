import { useState } from "preact/hooks";
import { number } from "../../i18n/format.js";
import type { Loaded } from "../../load.js";
import { Loading } from "../../ui/loading.js";
import { Segments } from "../../ui/segments.js";
import { EmptyState } from "../../ui/surface.js";
import { type Sorting, Table } from "../../ui/table.js";
import type { DataOf } from "./api-types.js";
import { type ReportColumn, type ReportRow, tableColumn } from "./cells.js";
import { canBeDrawn, ResultChart } from "./result-chart.js";
import { text } from "./texts.js";

export type Preview = DataOf<"post", "/api/reports/query/preview">;

interface ResultProps {
    loaded: Loaded<Preview>;
    sorting: Sorting | null;
    sortable: readonly string[];
    onSort: (sorting: Sorting) => void;
}

/** A row is known by what identifies it. */
export const rowKey = (columns: readonly ReportColumn[], row: ReportRow): string => columns.filter((column) => column.key).map((column) => String(row[column.name])).join("\u0000");

/** The first rows of a query, as a table or drawn. */
export function Result({ loaded, sorting, sortable, onSort }: ResultProps) {
    const [view, setView] = useState<"table" | "chart">("table");
    return (
        <section class="stack-tight result" aria-label={text("builder.result")}>
            <Loading of={loaded} rows={1} height={320}>
                {({ columns, items, estimated_total }) => (
                    <>
                        <div class="row-apart">
                            <p class="small soft number" role="status">
                                {estimated_total === null ? text("builder.first_rows", { n: items.length }) : text("builder.rows_of", { shown: items.length, n: estimated_total, total: number(estimated_total) })}
                            </p>
                            {canBeDrawn(columns) && (
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
                        </div>
                        {items.length === 0 ? (
                            <EmptyState icon="search" title={text("builder.no_rows")} text={text("builder.no_rows_text")} />
                        ) : view === "chart" && canBeDrawn(columns) ? (
                            <ResultChart columns={columns} rows={items} />
                        ) : (
                            <Table label={text("builder.result")} rows={items} total={estimated_total ?? items.length} columns={columns.map((column) => tableColumn(column, sortable.includes(column.name)))} keyOf={(row) => rowKey(columns, row)} sorting={sorting} onSort={onSort} rowHeight={44} />
                        )}
                    </>
                )}
            </Loading>
        </section>
    );
}
