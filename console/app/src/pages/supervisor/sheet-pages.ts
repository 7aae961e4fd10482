export interface SheetItem {
    item_code: string;
    item_name?: string | null;
    uom?: string | null;
    barcode?: string | null;
    lot_tracked: boolean;
}

/** A line of a sheet; without an item: for what is found and not expected. */
export type SheetLine = SheetItem | null;

export interface SheetPage {
    number: number;
    of: number;
    lines: readonly SheetLine[];
}

/** Lines that fit a page of A4 as well as of Letter, each with a barcode in it. */
export const linesOnPage = 11;
const empty = 3;

/** What is expected and some empty lines, page by page: a sheet that is torn from the others still says which one it is. */
export function pagesOfSheet(items: readonly SheetItem[]): readonly SheetPage[] {
    const lines: readonly SheetLine[] = [...items, ...Array<null>(empty).fill(null)];
    const of = Math.ceil(lines.length / linesOnPage);
    return Array.from({ length: of }, (_, index) => ({ number: index + 1, of, lines: lines.slice(index * linesOnPage, (index + 1) * linesOnPage) }));
}
