import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { emptyDraft, type Field, filterValue, fromQuery, type ReportQuery, sortable, toQuery, usualFilter } from "../src/pages/reports/query-draft.js";

const field = (name: string, type: Field["type"], changes: Partial<Field> = {}): Field => ({
    name, title: name, type, linked: null, key: false, default: true, list: false, sortable: true, groupable: true, spans: [], operators: ["eq", "between", "in", "exists"], aggregations: [], ...changes,
});
const fields = [field("item", "text", { key: true }), field("qty", "quantity", { aggregations: ["sum"] }), field("at", "time", { spans: ["day", "week"], operators: ["eq", "period"] }), field("ok", "boolean", { operators: ["eq", "exists"] })];

describe("a query that is being built", () => {
    it("leaves out what is not complete yet", () => {
        const draft = { ...emptyDraft("stock"), filters: [{ field: "qty", op: "between" as const, value: "1", until: "" }, { field: "item", op: "eq" as const, value: " tea ", until: "" }] };
        assert.deepEqual(toQuery(draft, fields), { collection: "stock", filters: [{ field: "item", op: "eq", value: "tea" }] });
    });

    it("takes numbers with a comma or a point, and no others", () => {
        const value = (typed: string) => filterValue({ field: "qty", op: "eq", value: typed, until: "" }, "quantity");
        assert.deepEqual([value("2,5"), value("-3"), value("x"), value("")], [2.5, -3, undefined, undefined]);
    });

    it("reads lists, bounds, periods and yes or no", () => {
        const value = (op: "in" | "between" | "exists" | "eq" | "period", typed: string, type: Field["type"], until = "") => filterValue({ field: "f", op, value: typed, until }, type);
        assert.deepEqual(value("in", "a, b;c,,", "text"), ["a", "b", "c"]);
        assert.deepEqual(value("between", "1", "integer", "9"), [1, 9]);
        assert.deepEqual([value("exists", "false", "text"), value("eq", "true", "boolean"), value("period", "last_week", "time")], [false, true, "last_week"]);
    });

    it("is what it was when it is read again", () => {
        const query: ReportQuery = {
            collection: "stock",
            filters: [{ field: "at", op: "period", value: "last_7_days" }, { field: "qty", op: "between", value: [1, 2] }],
            group_by: ["item", { field: "at", by: "week" }],
            aggregations: [{ op: "count" }, { op: "sum", field: "qty" }],
            sort: [{ field: "sum_qty", direction: "desc" }],
            limit: 10,
        };
        assert.deepEqual(toQuery(fromQuery(query), fields), query);
    });

    it("orders groups by their own columns alone", () => {
        const draft = { ...emptyDraft("stock"), groups: [{ field: "at", by: "day" as const }], sort: { field: "item", direction: "asc" as const } };
        assert.deepEqual(sortable(draft, fields), ["at_day", "count"]);
        assert.equal(toQuery(draft, fields).sort, undefined);
    });

    it("asks a time for a period first", () => {
        assert.deepEqual(usualFilter(fields[2] as Field), { field: "at", op: "period", value: "last_7_days", until: "" });
    });
});
