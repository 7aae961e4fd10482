import type { ComponentChildren } from "preact";

type Series = 1 | 2 | 3 | 4 | 5;

export interface BarRow {
    key: string;
    name: ComponentChildren;
    value: number;
    text: string;
    series?: Series;
}

/** Values beside each other, longest possible bar for the greatest. */
export function Bars({ rows }: { rows: readonly BarRow[] }) {
    const greatest = Math.max(...rows.map((row) => Math.abs(row.value)), 0);
    return (
        <ul class="bars">
            {rows.map((row) => (
                <li key={row.key} class="bar">
                    <span class="clip small">{row.name}</span>
                    <span class="bar-track" aria-hidden="true">
                        <span class="bar-value" style={{ display: "block", inlineSize: greatest === 0 ? "0%" : `${(Math.abs(row.value) / greatest) * 100}%`, "--bar-tone": `var(--series-${row.series ?? 1})` }} />
                    </span>
                    <span class="small number">{row.text}</span>
                </li>
            ))}
        </ul>
    );
}

interface TileProps {
    label: string;
    value: ComponentChildren;
    /** The list that the figure counts. */
    href?: string;
    children?: ComponentChildren;
}

/** One figure, and what it is of. */
export function Tile({ label, value, href, children }: TileProps) {
    const told = (
        <>
            <span class="small soft">{label}</span>
            <span class="tile-value">{value}</span>
            {children}
        </>
    );
    return href === undefined ? <div class="card stack-tight">{told}</div> : <a class="card card-link stack-tight" href={href}>{told}</a>;
}
