import { shellText } from "../../i18n/shell.js";
import { Button } from "../../ui/button.js";
import { Select, TextField } from "../../ui/field.js";
import { type DraftFilter, type Field, filterValue, periods, usualFilter } from "./query-draft.js";
import { text } from "./texts.js";
import { titleText } from "./titles.js";

interface FilterEditorProps {
    fields: readonly Field[];
    filters: readonly DraftFilter[];
    onChange: (filters: readonly DraftFilter[]) => void;
}

/** Fields by their titles, those of other documents with what they are of. */
export const fieldOptions = (fields: readonly Field[]): { value: string; label: string }[] => fields.map((field) => ({ value: field.name, label: titleText(field.title) }));

/** Conditions, which must all hold. */
export function FilterEditor({ fields, filters, onChange }: FilterEditorProps) {
    const change = (index: number, filter: DraftFilter): void => onChange(filters.map((each, at) => (at === index ? filter : each)));
    const [first] = fields;
    return (
        <fieldset class="stack-tight">
            <legend class="label">{text("builder.filters")}</legend>
            {filters.map((filter, index) => (
                <FilterRow key={index} fields={fields} filter={filter} onChange={(changed) => change(index, changed)} onRemove={() => onChange(filters.filter((_, at) => at !== index))} />
            ))}
            {first !== undefined && filters.length < 50 && (
                <Button kind="soft" icon="plus" onClick={() => onChange([...filters, usualFilter(first)])}>
                    {text("builder.add_filter")}
                </Button>
            )}
        </fieldset>
    );
}

interface FilterRowProps {
    fields: readonly Field[];
    filter: DraftFilter;
    onChange: (filter: DraftFilter) => void;
    onRemove: () => void;
}

function FilterRow({ fields, filter, onChange, onRemove }: FilterRowProps) {
    const field = fields.find((each) => each.name === filter.field);
    if (field === undefined) return null;
    const choose = (name: string): void => {
        const chosen = fields.find((each) => each.name === name);
        if (chosen !== undefined) onChange(usualFilter(chosen));
    };
    const operate = (op: DraftFilter["op"]): void => onChange({ ...filter, op, value: op === "period" ? "last_7_days" : op === "exists" ? "true" : filter.op === "period" || filter.op === "exists" ? "" : filter.value });
    return (
        <div class="filter-row" data-incomplete={filterValue(filter, field.type) === undefined ? "" : undefined}>
            <Select label={text("builder.field")} value={filter.field} options={fieldOptions(fields)} onChange={choose} />
            <Select label={text("builder.condition")} value={filter.op} options={field.operators.map((op) => ({ value: op, label: text(`op.${op}`) }))} onChange={operate} />
            <FilterValue field={field} filter={filter} onChange={onChange} />
            <Button kind="plain" icon="trash" label={text("builder.remove")} onClick={onRemove} />
        </div>
    );
}

const inputs: { readonly [T in Field["type"]]: { type: "text" | "date"; inputMode: "text" | "decimal" | "numeric" } } = {
    text: { type: "text", inputMode: "text" },
    quantity: { type: "text", inputMode: "decimal" },
    money: { type: "text", inputMode: "decimal" },
    ratio: { type: "text", inputMode: "decimal" },
    integer: { type: "text", inputMode: "numeric" },
    time: { type: "date", inputMode: "text" },
    date: { type: "date", inputMode: "text" },
    boolean: { type: "text", inputMode: "text" },
};

function FilterValue({ field, filter, onChange }: { field: Field; filter: DraftFilter; onChange: (filter: DraftFilter) => void }) {
    const set = (value: string): void => onChange({ ...filter, value });
    if (filter.op === "period") return <Select label={text("builder.value")} value={filter.value} options={periods.map((value) => ({ value, label: text(`period.${value}`) }))} onChange={set} />;
    if (filter.op === "exists" || field.type === "boolean")
        return (
            <Select
                label={text("builder.value")}
                value={filter.value === "false" ? "false" : "true"}
                options={[
                    { value: "true", label: shellText("yes") },
                    { value: "false", label: shellText("no") },
                ]}
                onChange={set}
            />
        );
    const input = inputs[field.type];
    const isList = filter.op === "in" || filter.op === "nin";
    return (
        <>
            <TextField label={filter.op === "between" ? text("builder.from") : text("builder.value")} value={filter.value} onInput={set} type={isList ? "text" : input.type} inputMode={input.inputMode} {...(isList ? { hint: text("builder.list_hint") } : {})} />
            {filter.op === "between" && <TextField label={text("builder.until")} value={filter.until} onInput={(until) => onChange({ ...filter, until })} type={input.type} inputMode={input.inputMode} />}
        </>
    );
}
