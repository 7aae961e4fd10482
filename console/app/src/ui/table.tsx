import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useReducer, useRef } from "preact/hooks";
import { language } from "../i18n/catalogue.js";
import { holdsAll, leastOf, trackOf, useColumnWidths } from "./column-widths.js";
import { Icon } from "./icon.js";

export interface Column<Row> {
    key: string;
    title: string;
    /** As of CSS grid: "minmax(12ch, 2fr)", "max-content". */
    width?: string;
    align?: "start" | "end";
    cell: (row: Row) => ComponentChildren;
    sortable?: boolean;
}

export interface Sorting {
    key: string;
    descending: boolean;
}

/** What a page may do with its table. */
export interface TableHandle {
    /** Brings the row into sight and the focus to it. */
    focusRow: (index: number) => void;
}

interface TableProps<Row> {
    label: string;
    rows: readonly Row[];
    columns: readonly Column<Row>[];
    keyOf: (row: Row) => string;
    /** How many there are in all, where not every one is loaded. */
    total?: number;
    /** Called when the last loaded row is near. */
    onEnd?: () => void;
    onOpen?: (row: Row) => void;
    selected?: (row: Row) => boolean;
    sorting?: Sorting | null;
    onSort?: (sorting: Sorting) => void;
    rowHeight?: number;
    handle?: { current: TableHandle | null };
    /** A key on a row that is none of the table's own; whether it meant something. */
    onRowKey?: (key: string, row: Row, index: number) => boolean;
    onRowFocus?: (row: Row, index: number) => void;
}

/** Above this many rows only those in sight are in the page. */
const few = 40;

/** Rows under named columns, ten thousand as well as ten; up and down go from row to row, Enter opens one. */
export function Table<Row>(props: TableProps<Row>) {
    const { label, rows, columns, keyOf, total, onEnd, onOpen, selected, sorting, onSort, rowHeight = 52, handle, onRowKey, onRowFocus } = props;
    const frame = useRef<HTMLDivElement>(null);
    const [, repaint] = useReducer((count: number) => count + 1, 0);
    const isShort = rows.length <= few;
    const virtual = useMemo(
        () =>
            new Virtualizer<HTMLDivElement, HTMLDivElement>({
                count: 0,
                getScrollElement: () => frame.current,
                estimateSize: () => rowHeight,
                scrollToFn: elementScroll,
                observeElementRect,
                observeElementOffset,
                overscan: 8,
                onChange: () => repaint(undefined),
            }),
        [rowHeight],
    );
    virtual.setOptions({ ...virtual.options, count: rows.length, enabled: !isShort });
    useEffect(() => virtual._didMount(), [virtual]);
    useEffect(() => virtual._willUpdate());
    const seen = isShort ? rows.map((_, index) => ({ index, start: 0 })) : virtual.getVirtualItems();
    const lastSeen = seen.at(-1)?.index ?? 0;
    useEffect(() => {
        if (onEnd !== undefined && rows.length > 0 && lastSeen >= rows.length - 10) onEnd();
    }, [lastSeen, rows.length]);
    const widths = useColumnWidths(frame, columns, rows, { isLong: !isShort, hasRows: seen.length > 0, isMoving: virtual.isScrolling });
    const before = isShort ? 0 : (seen[0]?.start ?? 0);
    const after = isShort ? 0 : Math.max(0, virtual.getTotalSize() - before - seen.length * rowHeight);
    const focusRow = (index: number): void => {
        if (!isShort) virtual.scrollToIndex(index);
        // A row that was out of sight is in the page some frames later.
        let frames = 0;
        const focus = (): void => {
            const row = frame.current?.querySelector<HTMLElement>(`[aria-rowindex="${index + 2}"]`);
            if (row !== null && row !== undefined) row.focus({ preventScroll: !isShort });
            else if (++frames < 30) requestAnimationFrame(focus);
        };
        requestAnimationFrame(focus);
    };
    if (handle !== undefined) handle.current = { focusRow };
    const move = (event: KeyboardEvent, index: number): void => {
        const to = event.key === "ArrowDown" ? index + 1 : event.key === "ArrowUp" ? index - 1 : event.key === "Home" ? 0 : event.key === "End" ? rows.length - 1 : -1;
        const row = rows[index];
        if (row === undefined || event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === "Enter" && onOpen !== undefined) onOpen(row);
        else if (to >= 0 && to < rows.length) focusRow(to);
        else if (onRowKey?.(event.key, row, index) !== true) return;
        event.preventDefault();
    };
    const on = useLatest<RowHandlers<Row>>({ open: onOpen, press: move, focus: onRowFocus });
    return (
        <div ref={frame} class={isShort ? "table-frame table-short" : "table-frame"} tabIndex={isShort && onOpen !== undefined ? undefined : 0} role="region" aria-label={label} style={{ "--row-height": `${rowHeight}px` }}>
            <div class={widths === null ? "table" : "table table-measured"} role="table" aria-label={label} aria-rowcount={(total ?? rows.length) + 1} aria-colcount={columns.length} style={columnStyle(columns, widths)}>
                <div class="table-row table-head" role="row" aria-rowindex={1}>
                    {columns.map((column) => (
                        <Head key={column.key} column={column} sorting={sorting ?? null} onSort={onSort} />
                    ))}
                </div>
                {before > 0 && <div style={{ blockSize: `${before}px`, gridColumn: "1 / -1" }} />}
                {seen.map(({ index }) => {
                    const row = rows[index];
                    if (row === undefined) return null;
                    return <TableRow key={keyOf(row)} row={row} index={index} columns={columns} isSelected={selected?.(row)} isLink={onOpen !== undefined} on={on} />;
                })}
                {after > 0 && <div style={{ blockSize: `${after}px`, gridColumn: "1 / -1" }} />}
            </div>
        </div>
    );
}

function columnStyle<Row>(columns: readonly Column<Row>[], widths: readonly string[] | null): { [property: string]: string } {
    if (widths === null) return { "--columns": columns.map(trackOf).join(" ") };
    return { "--columns": widths.join(" "), minInlineSize: `${Math.floor(widths.reduce((sum, width) => sum + Number.parseFloat(width), 0))}px` };
}

interface RowHandlers<Row> {
    open: ((row: Row) => void) | undefined;
    press: (event: KeyboardEvent, index: number) => void;
    focus: ((row: Row, index: number) => void) | undefined;
}

/** Always the same object, with what is the latest in it. */
function useLatest<Value extends object>(value: Value): Value {
    const latest = useRef(value);
    return Object.assign(latest.current, value);
}

interface RowProps<Row> {
    row: Row;
    index: number;
    columns: readonly Column<Row>[];
    isSelected: boolean | undefined;
    isLink: boolean;
    on: RowHandlers<Row>;
}

/** Who reads a signal is rendered again only when it, or what is told, changes: scrolling renders the rows that come, not those that stay. */
function TableRow<Row>({ row, index, columns, isSelected, isLink, on }: RowProps<Row>) {
    void language();
    return (
        <div
            class="table-row"
            role="row"
            aria-rowindex={index + 2}
            aria-selected={isSelected}
            data-link={isLink ? "" : undefined}
            tabIndex={isLink ? 0 : undefined}
            onClick={isLink ? () => on.open?.(row) : undefined}
            onKeyDown={isLink ? (event) => on.press(event, index) : undefined}
            onFocus={() => on.focus?.(row, index)}
        >
            {columns.map((column) => (
                <div key={column.key} class={holdsAll(column) ? "table-cell table-whole" : "table-cell"} role="cell" data-align={column.align}>
                    {column.cell(row)}
                </div>
            ))}
        </div>
    );
}

function Head<Row>({ column, sorting, onSort }: { column: Column<Row>; sorting: Sorting | null; onSort: ((sorting: Sorting) => void) | undefined }) {
    const isSorted = sorting?.key === column.key;
    return (
        <div class="table-cell" role="columnheader" data-align={column.align} style={leastOf(column) === undefined ? undefined : { minInlineSize: leastOf(column) }} aria-sort={isSorted ? (sorting.descending ? "descending" : "ascending") : undefined}>
            {column.sortable === true && onSort !== undefined ? (
                <button type="button" class="table-sort" onClick={() => onSort({ key: column.key, descending: isSorted && !sorting.descending })}>
                    {column.title}
                    {isSorted && <Icon name={sorting.descending ? "down" : "up"} />}
                </button>
            ) : (
                <strong>{column.title}</strong>
            )}
        </div>
    );
}
