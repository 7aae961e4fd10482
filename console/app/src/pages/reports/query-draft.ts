import type { Schema } from "@stockverify/client";

export type ReportQuery = Schema<"ReportQuery">;
export type Collection = Schema<"ReportCollection">;
export type Field = Collection["fields"][number];
export type Operator = Schema<"ReportOperator">;
export type Aggregation = Schema<"ReportAggregation">;
export type Span = "day" | "week" | "month";

export const periods = ["today", "yesterday", "last_7_days", "last_30_days", "this_week", "last_week", "this_month", "last_month"] as const;
export type Period = (typeof periods)[number];

/** A condition as it is being typed. */
export interface DraftFilter {
    field: string;
    op: Operator;
    value: string;
    /** The upper bound of `between`. */
    until: string;
}

export interface DraftGroup {
    field: string;
    by: Span | null;
}

export interface DraftFigure {
    op: Aggregation;
    field: string | null;
}

/** A query while somebody builds it. */
export interface Draft {
    collection: string;
    filters: readonly DraftFilter[];
    groups: readonly DraftGroup[];
    figures: readonly DraftFigure[];
    /** Columns of single rows; empty: the usual ones. */
    fields: readonly string[];
    sort: { field: string; direction: "asc" | "desc" } | null;
    limit: number | null;
}

export const emptyDraft = (collection: string): Draft => ({ collection, filters: [], groups: [], figures: [], fields: [], sort: null, limit: null });

/** What another page asks for in the address: a collection's rows of a period, of one warehouse or of all. */
export function draftOfAddress(collections: readonly Collection[], query: { readonly [name: string]: string | undefined }): Draft {
    const collection = collections.find(({ name }) => name === query["collection"]);
    if (collection === undefined) return emptyDraft(collections[0]?.name ?? "");
    const filter = (field: string | undefined, op: Operator, value: string | undefined): readonly DraftFilter[] =>
        field === undefined || value === undefined || !collection.fields.some(({ name, operators }) => name === field && operators.includes(op)) ? [] : [{ field, op, value, until: "" }];
    return { ...emptyDraft(collection.name), filters: [...filter(query["field"], "period", query["period"]), ...filter("warehouse", "eq", query["warehouse"])] };
}

export const isGrouped = (draft: Draft): boolean => draft.groups.length > 0 || draft.figures.length > 0;

export const groupColumn = (group: DraftGroup): string => (group.by === null ? group.field : `${group.field}_${group.by}`);
export const figureColumn = (figure: DraftFigure): string => (figure.op === "count" || figure.field === null ? "count" : `${figure.op}_${figure.field}`);

/** Columns that rows can be ordered by. */
export function sortable(draft: Draft, fields: readonly Field[]): readonly string[] {
    if (!isGrouped(draft)) return fields.filter((field) => field.sortable).map((field) => field.name);
    const figures = draft.figures.map(figureColumn);
    return [...draft.groups.map(groupColumn), ...(figures.length === 0 ? ["count"] : figures)];
}

const numbers: readonly Field["type"][] = ["quantity", "money", "ratio", "integer"];

/** What a value is when it is first asked for. */
export function usualFilter(field: Field): DraftFilter {
    const op: Operator = field.operators.includes("period") ? "period" : (field.operators[0] ?? "eq");
    return { field: field.name, op, value: op === "period" ? "last_7_days" : field.type === "boolean" ? "true" : "", until: "" };
}

function oneValue(text: string, type: Field["type"]): string | number | boolean | undefined {
    const typed = text.trim();
    if (typed === "") return undefined;
    if (type === "boolean") return typed === "true";
    if (!numbers.includes(type)) return typed;
    const value = Number(typed.replace(",", "."));
    return Number.isFinite(value) ? value : undefined;
}

/** What the filter asks for; `undefined` while it is not complete. */
export function filterValue(filter: DraftFilter, type: Field["type"]): unknown {
    if (filter.op === "exists") return filter.value !== "false";
    if (filter.op === "period" || filter.op === "contains" || filter.op === "starts_with") return filter.value.trim() === "" ? undefined : filter.value.trim();
    if (filter.op === "in" || filter.op === "nin") {
        const values = filter.value.split(/[,;\n]/).map((each) => oneValue(each, type)).filter((each) => each !== undefined);
        return values.length === 0 ? undefined : values;
    }
    const value = oneValue(filter.value, type);
    if (filter.op !== "between") return value;
    const until = oneValue(filter.until, type);
    return value === undefined || until === undefined ? undefined : [value, until];
}

/** Conditions that are not complete yet are left out: what is seen is what the others find. */
export function toQuery(draft: Draft, fields: readonly Field[], zone?: string): ReportQuery {
    const typeOf = (name: string): Field["type"] => fields.find((field) => field.name === name)?.type ?? "text";
    const filters = draft.filters.map((filter) => ({ field: filter.field, op: filter.op, value: filterValue(filter, typeOf(filter.field)) })).filter((filter) => filter.value !== undefined);
    const query: ReportQuery = { collection: draft.collection };
    if (filters.length > 0) query.filters = filters;
    if (draft.groups.length > 0) query.group_by = draft.groups.map((group) => (group.by === null ? group.field : { field: group.field, by: group.by }));
    if (draft.figures.length > 0) query.aggregations = draft.figures.map((figure) => (figure.op === "count" ? { op: "count" } : { op: figure.op, field: figure.field }));
    if (!isGrouped(draft) && draft.fields.length > 0) query.fields = [...draft.fields];
    if (draft.sort !== null && sortable(draft, fields).includes(draft.sort.field)) query.sort = [{ field: draft.sort.field, direction: draft.sort.direction }];
    if (draft.limit !== null) query.limit = draft.limit;
    if (zone !== undefined) query.tz = zone;
    return query;
}

const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));

function toFilter(filter: NonNullable<ReportQuery["filters"]>[number]): DraftFilter {
    const value: unknown = filter.value;
    if (filter.op === "between" && Array.isArray(value)) return { field: filter.field, op: filter.op, value: text(value[0]), until: text(value[1]) };
    return { field: filter.field, op: filter.op, value: Array.isArray(value) ? value.map(text).join(", ") : text(value), until: "" };
}

/** A saved query, to be changed. */
export function fromQuery(query: ReportQuery): Draft {
    const sort = query.sort?.[0];
    return {
        collection: query.collection,
        filters: (query.filters ?? []).map(toFilter),
        groups: (query.group_by ?? []).map((group) => (typeof group === "string" ? { field: group, by: null } : { field: group.field, by: group.by ?? null })),
        figures: (query.aggregations ?? []).map((figure) => (typeof figure === "string" ? { op: "count", field: null } : { op: figure.op, field: figure.field ?? null })),
        fields: query.fields ?? [],
        sort: sort === undefined ? null : typeof sort === "string" ? { field: sort, direction: "asc" } : { field: sort.field, direction: sort.direction ?? "asc" },
        limit: query.limit ?? null,
    };
}
