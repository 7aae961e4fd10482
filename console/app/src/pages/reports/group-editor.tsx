import { Button } from "../../ui/button.js";
import { Select } from "../../ui/field.js";
import { fieldOptions } from "./filter-editor.js";
import type { Aggregation, Draft, DraftFigure, DraftGroup, Field } from "./query-draft.js";
import { text } from "./texts.js";

interface GroupEditorProps {
    fields: readonly Field[];
    draft: Draft;
    onChange: (draft: Draft) => void;
}

const aggregations: readonly Aggregation[] = ["count", "sum", "avg", "min", "max", "count_distinct"];

/** A time is grouped by its days unless somebody says otherwise. */
const usualGroup = (field: Field): DraftGroup => ({ field: field.name, by: field.spans[0] ?? null });

/** What rows are put together by, and what is reckoned of each group. */
export function GroupEditor({ fields, draft, onChange }: GroupEditorProps) {
    const groupable = fields.filter((field) => field.groupable || field.spans.length > 0);
    const [first] = groupable;
    const setGroups = (groups: readonly DraftGroup[]): void => onChange({ ...draft, groups });
    const setFigures = (figures: readonly DraftFigure[]): void => onChange({ ...draft, figures });
    return (
        <div class="stack">
            <fieldset class="stack-tight">
                <legend class="label">{text("builder.groups")}</legend>
                {draft.groups.map((group, index) => (
                    <GroupRow key={index} fields={groupable} group={group} onChange={(changed) => setGroups(draft.groups.map((each, at) => (at === index ? changed : each)))} onRemove={() => setGroups(draft.groups.filter((_, at) => at !== index))} />
                ))}
                {first !== undefined && draft.groups.length < 6 && (
                    <Button kind="soft" icon="plus" onClick={() => setGroups([...draft.groups, usualGroup(groupable.find((field) => !draft.groups.some((group) => group.field === field.name) && !field.key) ?? first)])}>
                        {text("builder.add_group")}
                    </Button>
                )}
            </fieldset>
            <fieldset class="stack-tight">
                <legend class="label">{text("builder.figures")}</legend>
                {draft.figures.map((figure, index) => (
                    <FigureRow key={index} fields={fields} figure={figure} onChange={(changed) => setFigures(draft.figures.map((each, at) => (at === index ? changed : each)))} onRemove={() => setFigures(draft.figures.filter((_, at) => at !== index))} />
                ))}
                {draft.figures.length < 20 && (
                    <Button kind="soft" icon="plus" onClick={() => setFigures([...draft.figures, usualFigure(fields, draft.figures)])}>
                        {text("builder.add_figure")}
                    </Button>
                )}
            </fieldset>
        </div>
    );
}

/** First how many, then the sum of the first quantity. */
function usualFigure(fields: readonly Field[], figures: readonly DraftFigure[]): DraftFigure {
    const quantity = fields.find((field) => field.aggregations.includes("sum") && !figures.some((figure) => figure.field === field.name));
    if (!figures.some((figure) => figure.op === "count") || quantity === undefined) return { op: "count", field: null };
    return { op: "sum", field: quantity.name };
}

function GroupRow({ fields, group, onChange, onRemove }: { fields: readonly Field[]; group: DraftGroup; onChange: (group: DraftGroup) => void; onRemove: () => void }) {
    const field = fields.find((each) => each.name === group.field);
    const choose = (name: string): void => {
        const chosen = fields.find((each) => each.name === name);
        if (chosen !== undefined) onChange(usualGroup(chosen));
    };
    return (
        <div class="filter-row">
            <Select label={text("builder.field")} value={group.field} options={fieldOptions(fields)} onChange={choose} />
            {field !== undefined && field.spans.length > 0 && <Select label={text("builder.by")} value={group.by ?? "day"} options={field.spans.map((value) => ({ value, label: text(`span.${value}`) }))} onChange={(by) => onChange({ ...group, by })} />}
            <Button kind="plain" icon="trash" label={text("builder.remove")} onClick={onRemove} />
        </div>
    );
}

function FigureRow({ fields, figure, onChange, onRemove }: { fields: readonly Field[]; figure: DraftFigure; onChange: (figure: DraftFigure) => void; onRemove: () => void }) {
    const able = fields.filter((field) => field.aggregations.includes(figure.op));
    const operate = (op: Aggregation): void => {
        const others = fields.filter((field) => field.aggregations.includes(op));
        onChange({ op, field: op === "count" ? null : (others.find((field) => field.name === figure.field)?.name ?? others[0]?.name ?? null) });
    };
    return (
        <div class="filter-row">
            <Select label={text("builder.figure")} value={figure.op} options={aggregations.map((value) => ({ value, label: text(`agg.${value}`) }))} onChange={operate} />
            {figure.op !== "count" && <Select label={text("builder.field")} value={figure.field ?? ""} options={fieldOptions(able)} onChange={(field) => onChange({ ...figure, field })} />}
            <Button kind="plain" icon="trash" label={text("builder.remove")} onClick={onRemove} />
        </div>
    );
}
