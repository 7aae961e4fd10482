import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Segments } from "../../ui/segments.js";
import { EmptyState } from "../../ui/surface.js";
import { type Sorting, Table } from "../../ui/table.js";
import { type ReportColumn, type ReportRow, rowKey, tableColumn } from "./cells.js";
import { canBeDrawn, ResultChart } from "./result-chart.js";
import { text } from "./texts.js";

interface RowsViewProps {
    label: string;
    columns: readonly ReportColumn[];
    rows: readonly ReportRow[];
    total: number;
    /** Why there may be none. */
    emptyText: string;
    /** What stands beside the choice of how rows are shown. */
    said?: ComponentChildren;
    sorting?: Sorting | null;
    sortable?: readonly string[];
    onSort?: (sorting: Sorting) => void;
    onEnd?: () => void;
}

/** Rows of a report as a table, or drawn where they can be. */
export function RowsView({ label, columns, rows, total, emptyText, said, sortable = [], ...table }: RowsViewProps) {
    const [view, setView] = useState<"table" | "chart">("table");
    const isDrawn = canBeDrawn(columns);
    return (
        <>
            <div class="row-apart">
                {said}
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
            </div>
            {rows.length === 0 ? (
                <EmptyState icon="search" title={text("builder.no_rows")} text={emptyText} />
            ) : view === "chart" && isDrawn ? (
                <ResultChart columns={columns} rows={rows} />
            ) : (
                <Table label={label} rows={rows} total={total} columns={columns.map((column) => tableColumn(column, sortable.includes(column.name)))} keyOf={(row) => rowKey(columns, row)} rowHeight={44} {...table} />
            )}
        </>
    );
}
