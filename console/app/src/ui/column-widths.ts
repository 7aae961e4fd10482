import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

interface Sized {
    key: string;
    title: string;
    width?: string;
}

interface Measured {
    /** Of these columns, in a frame so wide. */
    of: string;
    frame: number;
    widths: readonly string[];
}

/** To ask how wide things are takes time, which a table that still moves has not. */
const rest = 300;

/** Whose texts are never cut, however long: names are, at their end. */
export const holdsAll = ({ width }: Pick<Sized, "width">): boolean => width?.includes("max-content") === true;

/** A track that holds all is never narrower: where there is no room the table is scrolled, and no figure is cut. */
export const trackOf = ({ width }: Pick<Sized, "width">): string => width?.replace(/^minmax\([^,]+, max-content\)$/, "max-content") ?? "minmax(10ch, 1fr)";

/** How wide such a track is at least, by its head. */
export const leastOf = ({ width }: Pick<Sized, "width">): string | undefined => /^minmax\((?!max-content)([^,]+), max-content\)$/.exec(width ?? "")?.[1];

const isCut = (cell: Element): boolean => cell.scrollWidth > cell.clientWidth + 1;

/**
 * A long table's columns, as wide as what was in sight first made them; `null`: they are still to be measured. Rows of known columns are laid
 * out each by itself: else each row that comes into sight is a question to all the others how wide a column is. Where a figure
 * turns out to be longer than its column, they are measured anew, once nothing moves.
 */
export function useColumnWidths(frame: { readonly current: HTMLElement | null }, columns: readonly Sized[], rows: readonly unknown[], state: { isLong: boolean; hasRows: boolean; isMoving: boolean }): readonly string[] | null {
    const { isLong, hasRows, isMoving } = state;
    const of = columns.map(({ key, title, width }) => `${key} ${title} ${width ?? ""}`).join("\n");
    const [measured, setMeasured] = useState<Measured | null>(null);
    const widths = isLong && measured?.of === of ? measured.widths : null;
    useLayoutEffect(() => {
        const table = frame.current?.querySelector(".table");
        if (!isLong || !hasRows || widths !== null || table === null || table === undefined) return;
        const found = getComputedStyle(table).gridTemplateColumns.split(" ");
        if (found.length === columns.length) setMeasured({ of, frame: frame.current?.clientWidth ?? 0, widths: found });
    });
    useEffect(() => {
        const element = frame.current;
        if (!isLong || element === null) return;
        const sizes = new ResizeObserver(() => setMeasured((before) => (before === null || before.frame === element.clientWidth ? before : null)));
        sizes.observe(element);
        return () => sizes.disconnect();
    }, [isLong]);
    /** What was measured anew once, and came out the same. */
    const tried = useRef("");
    useEffect(() => {
        if (isMoving) tried.current = "";
        if (widths === null || isMoving) return;
        const held = columns.flatMap((column, index) => (holdsAll(column) ? [index] : []));
        const look = (): void => {
            const shown = [...(frame.current?.querySelectorAll(".table-row:not(.table-head)") ?? [])];
            if (tried.current === widths.join(" ")) return;
            if (!shown.some(({ children }) => held.some((index) => children[index] !== undefined && isCut(children[index])))) return;
            tried.current = widths.join(" ");
            setMeasured(null);
        };
        const timer = setTimeout(look, rest);
        return () => clearTimeout(timer);
    }, [widths, isMoving, rows]);
    return widths;
}
