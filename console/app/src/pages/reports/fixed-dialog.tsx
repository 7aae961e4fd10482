import { useState } from "preact/hooks";
import { Select, TextField } from "../../ui/field.js";
import type { Schema } from "./api-types.js";
import { FileDialog } from "./file-dialog.js";
import { makeReport } from "./files.js";
import { type Period, periods } from "./query-draft.js";
import { text } from "./texts.js";

export type FixedType = Schema<"FixedReport">["type"];
export type FixedFilters = NonNullable<Schema<"FixedReport">["filters"]>;

/** Which filters a report has, beside warehouse and time. */
const also: { readonly [T in FixedType]: readonly ("floor" | "category")[] } = {
    stock_summary: ["floor", "category"],
    variance: ["floor", "category"],
    user_activity: ["floor"],
    session_history: ["floor"],
    audit_trail: [],
};

interface FixedFiltersProps {
    type: FixedType;
    filters: FixedFilters;
    onChange: (filters: FixedFilters) => void;
    /** A schedule's: only times that move with the day. */
    moving?: boolean;
}

type Span = Period | "all" | "own";

const without = (filters: FixedFilters, ...names: (keyof FixedFilters)[]): FixedFilters => Object.fromEntries(Object.entries(filters).filter(([name]) => !names.includes(name as keyof FixedFilters)));

/** What a fixed report is limited to. */
export function FixedFilterFields({ type, filters, onChange, moving = false }: FixedFiltersProps) {
    const [isOwn, setOwn] = useState(filters.from !== undefined || filters.to !== undefined);
    const span: Span = isOwn ? "own" : (filters.period ?? "all");
    const spans: readonly Span[] = moving ? ["all", ...periods] : ["all", ...periods, "own"];
    const chooseSpan = (chosen: Span): void => {
        setOwn(chosen === "own");
        const others = without(filters, "period", "from", "to");
        onChange(chosen === "all" || chosen === "own" ? others : { ...others, period: chosen });
    };
    const set = (name: "warehouse" | "floor" | "category" | "from" | "to", value: string): void => onChange(value.trim() === "" ? without(filters, name) : { ...filters, [name]: value.trim() });
    return (
        <div class="stack">
            <Select label={text("fixed.time")} value={span} options={spans.map((value) => ({ value, label: value === "all" || value === "own" ? text(`fixed.time_${value}`) : text(`period.${value}`) }))} onChange={chooseSpan} />
            {isOwn && (
                <div class="filter-row">
                    <TextField label={text("builder.from")} type="date" value={filters.from ?? ""} onInput={(value) => set("from", value)} />
                    <TextField label={text("builder.until")} type="date" value={filters.to ?? ""} onInput={(value) => set("to", value)} />
                </div>
            )}
            <TextField label={text("warehouse")} value={filters.warehouse ?? ""} onInput={(value) => set("warehouse", value)} hint={text("fixed.all_hint")} code />
            {also[type].map((name) => (
                <TextField key={name} label={text(`fixed.${name}`)} value={filters[name] ?? ""} onInput={(value) => set(name, value)} hint={text("fixed.all_hint")} />
            ))}
        </div>
    );
}

/** Makes one of the fixed reports as a file. */
export function FixedDialog({ type, onClose }: { type: FixedType; onClose: () => void }) {
    const [filters, setFilters] = useState<FixedFilters>(type === "stock_summary" ? {} : { period: "last_7_days" });
    return (
        <FileDialog title={text(`fixed.${type}`)} fileName={type} make={(format, onProgress) => makeReport({ type, format, filters }, onProgress)} onClose={onClose}>
            <p class="small soft">{text(`fixed.${type}_text`)}</p>
            <FixedFilterFields type={type} filters={filters} onChange={setFilters} />
        </FileDialog>
    );
}
