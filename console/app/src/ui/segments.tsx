import type { ComponentChildren } from "preact";

interface SegmentsProps<Value extends string> {
    label: string;
    value: Value;
    options: readonly { value: Value; label: ComponentChildren }[];
    onChange: (value: Value) => void;
}

/** Where not all find room, the chosen one is seen: they are scrolled, the page is not. */
function inSight(chosen: HTMLElement | null): void {
    const all = chosen?.parentElement;
    if (chosen === null || all === null || all === undefined || all.scrollWidth <= all.clientWidth) return;
    const [one, frame] = [chosen.getBoundingClientRect(), all.getBoundingClientRect()];
    if (one.left < frame.left || one.right > frame.right) all.scrollLeft += one.left + one.width / 2 - frame.left - frame.width / 2;
}

/** One of a few, all seen at once. */
export function Segments<Value extends string>({ label, value, options, onChange }: SegmentsProps<Value>) {
    return (
        <div class="segments" role="group" aria-label={label} tabIndex={-1}>
            {options.map((option) => (
                <button key={option.value} ref={option.value === value ? inSight : null} type="button" class="segment" aria-pressed={option.value === value} onClick={() => onChange(option.value)}>
                    {option.label}
                </button>
            ))}
        </div>
    );
}
