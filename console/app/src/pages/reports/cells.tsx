import type { Schema } from "@stockverify/client";
import { dateLabel, price, share } from "../../office-format.js";
import { dateTime, figure } from "../../i18n/format.js";
import { shellText } from "../../i18n/shell.js";
import type { Column } from "../../ui/table.js";
import { Data } from "../../ui/text.js";
import { titleText } from "./titles.js";

export type ReportColumn = Schema<"ReportColumn">;
export type ReportRow = Schema<"ReportRow">;
export type CellValue = ReportRow[string] | undefined;

export const isNumeric = (column: Pick<ReportColumn, "type">): boolean => column.type === "quantity" || column.type === "money" || column.type === "ratio" || column.type === "integer";

/** A row is known by what identifies it. */
export const rowKey = (columns: readonly ReportColumn[], row: ReportRow): string => columns.filter((column) => column.key).map((column) => String(row[column.name])).join("\u0000");

/** A value as people read it. */
export function valueText(value: CellValue, type: ReportColumn["type"]): string {
    if (value === null || value === undefined) return "–";
    if (typeof value === "boolean") return value ? shellText("yes") : shellText("no");
    if (typeof value === "number") return type === "ratio" ? share(value) : type === "money" ? price(value, null) : figure(value);
    if (type === "time") return dateTime(value);
    return type === "date" ? dateLabel(`${value}T12:00:00`) : value;
}

/** A column of a report as one of a table; numbers at the end of their cells. */
export function tableColumn(column: ReportColumn, sortable = false): Column<ReportRow> {
    const isText = column.type === "text";
    return {
        key: column.name,
        title: titleText(column.title),
        width: isText ? "minmax(18ch, 1fr)" : "minmax(13ch, max-content)",
        align: isNumeric(column) ? "end" : "start",
        sortable,
        cell: (row) => (isText ? <Data>{valueText(row[column.name], column.type)}</Data> : column.type === "boolean" ? valueText(row[column.name], "boolean") : <span translate={false}>{valueText(row[column.name], column.type)}</span>),
    };
}
