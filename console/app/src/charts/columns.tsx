import { useState } from "preact/hooks";

export interface ColumnBar {
    key: string;
    /** Below the column; "" leaves it out. */
    label: string;
    value: number;
    /** Said to readers of the screen, and shown when the column is pointed at. */
    text: string;
}

interface ColumnsProps {
    label: string;
    columns: readonly ColumnBar[];
    height?: number;
}

/** A value for each of some steps, from the reading side of the language; the greatest is as high as the chart. */
export function Columns({ label, columns, height = 120 }: ColumnsProps) {
    const [at, setAt] = useState<number | null>(null);
    const greatest = Math.max(1, ...columns.map((column) => column.value));
    const shown = at === null ? undefined : columns[at];
    return (
        <figure class="columns">
            <div class="columns-plot" style={{ blockSize: `${height}px` }} role="img" aria-label={label} onPointerLeave={() => setAt(null)}>
                {columns.map((column, index) => (
                    <span key={column.key} class="columns-slot" data-at={index === at ? "" : undefined} onPointerEnter={() => setAt(index)}>
                        <span class="columns-bar" style={{ blockSize: `${(column.value / greatest) * 100}%` }} />
                    </span>
                ))}
            </div>
            <div class="columns-labels small soft" aria-hidden="true">
                {columns.map((column) => (
                    <span key={column.key} translate={false}>
                        {column.label}
                    </span>
                ))}
            </div>
            <figcaption class="small soft columns-told" aria-hidden="true">
                {shown?.text ?? "\u00a0"}
            </figcaption>
            <ul class="visually-hidden">
                {columns.filter((column) => column.value > 0).map((column) => (
                    <li key={column.key}>{column.text}</li>
                ))}
            </ul>
        </figure>
    );
}
