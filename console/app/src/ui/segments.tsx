import type { ComponentChildren } from "preact";

interface SegmentsProps<Value extends string> {
    label: string;
    value: Value;
    options: readonly { value: Value; label: ComponentChildren }[];
    onChange: (value: Value) => void;
}

/** One of a few, all seen at once. */
export function Segments<Value extends string>({ label, value, options, onChange }: SegmentsProps<Value>) {
    return (
        <div class="segments" role="group" aria-label={label} tabIndex={-1}>
            {options.map((option) => (
                <button key={option.value} type="button" class="segment" aria-pressed={option.value === value} onClick={() => onChange(option.value)}>
                    {option.label}
                </button>
            ))}
        </div>
    );
}
