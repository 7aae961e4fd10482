import { useRef } from "preact/hooks";
import { faultText } from "../../faults.js";
import { type Loaded, useLoad } from "../../load.js";
import { notify } from "../../ui/notices.js";

interface PageOfRows<Row> {
    items: Row[];
    next_cursor: string | null;
}

export interface Walked<Page, Row> {
    /** The first page: what is told beside the rows. */
    page: Page;
    rows: readonly Row[];
    /** Where the next page begins; `null`: there is none. */
    next: string | null;
}

export interface Walk<Page, Row> extends Loaded<Walked<Page, Row>> {
    /** Asks for the next page. */
    more: () => void;
    /** Shows what became of rows that are shown, without asking. */
    change: (to: (row: Row) => Row) => void;
}

/** The rows of all pages until `isEnough`; `load` asks for one page. */
export async function walkPages<Page extends PageOfRows<Row>, Row = Page["items"][number]>(
    load: (cursor: string | undefined) => Promise<Page>,
    isEnough: (rows: readonly Row[]) => boolean,
): Promise<Walked<Page, Row>> {
    const page = await load(undefined);
    const rows: Row[] = [...page.items];
    let next = page.next_cursor;
    while (next !== null && !isEnough(rows)) {
        const following: Page = await load(next);
        rows.push(...following.items);
        next = following.next_cursor;
    }
    return { page, rows, next };
}

/** A list that comes by pages: the first when the page opens, each other when its end is near; read anew, as many as are shown. */
export function useWalk<Page extends PageOfRows<unknown>, Row = Page["items"][number]>(
    load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page & PageOfRows<Row>>,
    dependencies: readonly unknown[],
): Walk<Page, Row> {
    const shown = useRef<{ of: readonly unknown[]; rows: number }>({ of: dependencies, rows: 0 });
    const isSame = shown.current.of.length === dependencies.length && shown.current.of.every((each, index) => Object.is(each, dependencies[index]));
    if (!isSame) shown.current = { of: dependencies, rows: 0 };
    const loaded = useLoad<Walked<Page, Row>>((signal) => {
        const wanted = shown.current.rows;
        return walkPages<Page & PageOfRows<Row>, Row>((cursor) => load(cursor, signal), (rows) => rows.length >= wanted);
    }, dependencies);
    const latest = useRef(loaded);
    latest.current = loaded;
    shown.current.rows = loaded.data?.rows.length ?? 0;
    const asked = useRef<Walked<Page, Row> | null>(null);
    const more = (): void => {
        const before = loaded.data;
        if (before === undefined || before.next === null || asked.current === before) return;
        asked.current = before;
        load(before.next, new AbortController().signal).then(
            (page) => {
                // What was read anew meanwhile goes on from where it ends itself.
                if (latest.current.data === before) loaded.set({ page: before.page, rows: [...before.rows, ...page.items], next: page.next_cursor });
            },
            (fault: unknown) => {
                asked.current = null;
                notify({ tone: "bad", text: faultText(fault) });
            },
        );
    };
    const change = (to: (row: Row) => Row): void => {
        const before = latest.current.data;
        if (before !== undefined) loaded.set({ ...before, rows: before.rows.map(to) });
    };
    return { ...loaded, more, change };
}
