import type { Draft, Field } from "./query-draft.js";
import { text } from "./texts.js";
import { titleText } from "./titles.js";

/** Which columns of single rows are shown; what identifies a row always is. */
export function ColumnChoice({ fields, draft, onChange }: { fields: readonly Field[]; draft: Draft; onChange: (draft: Draft) => void }) {
    const shown = new Set(draft.fields.length > 0 ? draft.fields : fields.filter((field) => field.default).map((field) => field.name));
    const toggle = (name: string): void => {
        if (shown.has(name)) shown.delete(name);
        else shown.add(name);
        onChange({ ...draft, fields: fields.filter((field) => shown.has(field.name)).map((field) => field.name) });
    };
    return (
        <details class="column-choice">
            <summary class="label">{text("builder.columns", { n: shown.size })}</summary>
            <div class="column-list">
                {fields.map((field) => (
                    <label key={field.name} class="check">
                        <input type="checkbox" checked={shown.has(field.name) || field.key} disabled={field.key} onChange={() => toggle(field.name)} />
                        <span>{titleText(field.title)}</span>
                    </label>
                ))}
            </div>
        </details>
    );
}
