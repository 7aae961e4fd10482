import { useLocation } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { number } from "../../i18n/format.js";
import { useLiveReload } from "../../live.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Select } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { EmptyState } from "../../ui/surface.js";
import { type Sorting, Table, type TableHandle } from "../../ui/table.js";
import { AcceptBelow } from "./accept-below.js";
import { acceptFault, acceptLines } from "./accepting.js";
import { ApproveDialog } from "./approve.js";
import { Blocked } from "./blocked.js";
import { CountState } from "./counts.js";
import { KeyHelp } from "./key-help.js";
import { isClosed, lineKey, type ReviewLine, type ReviewPage as ReviewData } from "./kinds.js";
import { RecountDialog } from "./recount-dialog.js";
import { reviewColumns } from "./review-lines.js";
import { placeAfter } from "./review-place.js";
import { ReviewSummary } from "./review-summary.js";
import { text } from "./texts.js";
import { UnsentPhones } from "./unsent-phones.js";
import { useWalk } from "./walk.js";

const states = ["undecided", "all", "counted", "recounted", "incomplete", "recount_asked", "not_recounted", "not_counted", "accepted"] as const;
type Filter = (typeof states)[number];

const sorts = ["-gross_value", "-gross", "-value", "value", "-variance", "variance", "item_code", "-item_code", "-counted_at", "counted_at"] as const;
type Sort = (typeof sorts)[number];

const sortingOf = (sort: Sort): Sorting => ({ key: sort.replace(/^-/, ""), descending: sort.startsWith("-") });

/** Lines of a count, for whoever decides whether they are right: by mouse, by thumb, or by j, k and a alone. */
export function ReviewPage() {
    const countId = useParameter("count");
    const { query, route } = useLocation();
    const filter: Filter = states.find((each) => each === query["state"]) ?? "undecided";
    const sort: Sort = sorts.find((each) => each === query["sort"]) ?? "-gross_value";
    const walk = useWalk(
        (cursor, signal) => client.call("get", "/api/sessions/{id}/review", { path: { id: countId }, query: { sort, limit: cursor === undefined ? 100 : 500, ...(filter === "all" ? {} : { state: filter }), ...(cursor === undefined ? {} : { cursor }) }, signal }),
        [countId, filter, sort],
    );
    // The sums stay in sight while another filter's lines are loaded.
    const head = useRef<ReviewData | undefined>(undefined);
    head.current = walk.data?.page ?? head.current;
    const page = head.current;
    const [dialog, setDialog] = useState<"below" | "keys" | "approve" | null>(null);
    const [recount, setRecount] = useState<ReviewLine | null>(null);
    const show = (to: { state?: Filter; sort?: Sort }): void => route(`${pathTo("/counts", countId, "review")}?${new URLSearchParams({ state: to.state ?? filter, sort: to.sort ?? sort }).toString()}`, true);

    const table = useRef<TableHandle | null>(null);
    const place = usePlace(walk.data?.rows ?? [], table);
    useLiveReload(["count.", "review.", "recount.", "session.", "rack."], walk.reload, (event) => event.id === countId || event["count_id"] === countId);
    const accept = useAccept(countId, walk, (index) => table.current?.focusRow(index));
    const isOver = page === undefined || isClosed(page) || page.status === "APPROVING";

    const onKey = (key: string, line: ReviewLine, index: number): boolean => {
        const rows = walk.data?.rows.length ?? 0;
        if (key === "j") table.current?.focusRow(Math.min(index + 1, rows - 1));
        else if (key === "k") table.current?.focusRow(Math.max(index - 1, 0));
        else if (key === "a" && !isOver) void accept.accept(line, index);
        else if (key === "r" && !isOver) setRecount(line);
        else return false;
        return true;
    };
    usePageKeys({
        j: () => table.current?.focusRow(Math.max(0, place.index())),
        k: () => table.current?.focusRow(Math.max(0, place.index())),
        "?": () => setDialog("keys"),
    });

    return (
        <Page
            title={text("review.title")}
            back={pathTo("/counts", countId)}
            wide
            actions={<Button kind="plain" icon="keyboard" label={text("keys.title")} onClick={() => setDialog("keys")} />}
        >
            <div class="stack">
                {page !== undefined && (
                    <>
                        <div class="row chips">
                            <CountState count={page} />
                            <span class="grow" />
                            {!isOver && page.summary.undecided > 0 && <Button icon="check" onClick={() => setDialog("below")}>{text("review.below")}</Button>}
                            {page.status === "RECONCILE" && <Button kind="primary" icon="flag" disabled={!page.can_approve} onClick={() => setDialog("approve")}>{text("review.approve")}</Button>}
                            {page.status === "OPEN" && <Button kind="primary" icon="flag" href={pathTo("/counts", countId)}>{text("review.stop_first")}</Button>}
                            {page.status === "APPROVED" && <Button kind="primary" icon="check" href={pathTo("/adjustments", countId)}>{text("count.adjustment")}</Button>}
                        </div>
                        <ReviewSummary page={page} />
                        {!isClosed(page) && <UnsentPhones phones={page.unsent} />}
                        {!isOver && <Blocked countId={countId} bars={page.blocked_by} hasMore={page.blocked_by_more === true} />}
                        <Segments label={text("review.filter")} value={filter} options={states.map((value) => ({ value, label: <FilterLabel filter={value} page={page} /> }))} onChange={(state) => show({ state })} />
                        <div class="narrow">
                            <Select label={text("review.sort")} value={sort} options={sorts.map((value) => ({ value, label: text(`review.sort.${value}`) }))} onChange={(value) => show({ sort: value })} />
                        </div>
                    </>
                )}
                <Loading of={walk} rows={6} height={60}>
                    {({ rows, page: shown }) =>
                        rows.length === 0 ? (
                            <NoLines countId={countId} filter={filter} page={shown} onApprove={() => setDialog("approve")} />
                        ) : (
                            <Table
                                label={text("review.lines")}
                                rows={rows}
                                columns={[...reviewColumns(shown.currency ?? null), ...(isOver ? [] : [acceptColumn(accept.accept)])]}
                                keyOf={lineKey}
                                total={totalOf(filter, shown)}
                                onEnd={walk.more}
                                onOpen={(line) => route(pathTo("/counts", countId, "review", line.item_code))}
                                sorting={sortingOf(sort)}
                                onSort={({ key, descending }) => {
                                    const wanted = `${descending ? "-" : ""}${key}`;
                                    show({ sort: sorts.find((each) => each === wanted) ?? sort });
                                }}
                                rowHeight={64}
                                handle={table}
                                onRowKey={onKey}
                                onRowFocus={(line, index) => place.at(lineKey(line), index)}
                            />
                        )
                    }
                </Loading>
                <span class="visually-hidden" role="status">{accept.said}</span>
            </div>
            {dialog === "below" && <AcceptBelow countId={countId} currency={page?.currency ?? null} onClose={() => setDialog(null)} onDone={walk.reload} />}
            {dialog === "keys" && <KeyHelp onClose={() => setDialog(null)} />}
            {dialog === "approve" && <ApproveDialog countId={countId} unsent={page?.unsent.reduce((sum, { left }) => sum + left, 0) ?? 0} onClose={() => setDialog(null)} onRefused={walk.reload} />}
            {recount !== null && (
                <RecountDialog
                    countId={countId}
                    items={[recount.item_code]}
                    onClose={() => setRecount(null)}
                    onDone={async () => {
                        setRecount(null);
                        await walk.reload();
                    }}
                />
            )}
        </Page>
    );
}

const countOf = (filter: Filter, { summary }: ReviewData): number => (filter === "all" ? summary.lines : filter === "undecided" ? summary.undecided : (summary.by_state[filter] ?? 0));

const totalOf = countOf;

function FilterLabel({ filter, page }: { filter: Filter; page: ReviewData }) {
    return (
        <>
            {text(filter === "all" || filter === "undecided" ? `review.filter.${filter}` : `line.state.${filter}`)} <small translate={false}>{number(countOf(filter, page))}</small>
        </>
    );
}

const acceptColumn = (accept: (line: ReviewLine, index: number) => Promise<void>) => ({
    key: "accept",
    title: text("review.accept"),
    width: "max-content",
    cell: (line: ReviewLine) =>
        line.undecided && !line.flags.includes("unknown") && (line.state === "counted" || line.state === "recounted" || line.state === "not_recounted") ? (
            <Button
                kind="soft"
                icon="check"
                label={text("review.accept_line", { item: line.item_code })}
                onClick={(event) => {
                    event.stopPropagation();
                    return accept(line, -1);
                }}
            />
        ) : null,
});

/** Nothing in sight: what that means, and what is next. */
function NoLines({ countId, filter, page, onApprove }: { countId: string; filter: Filter; page: ReviewData; onApprove: () => void }) {
    if (filter !== "undecided") return <EmptyState icon="filter" title={text("review.none_such")} text={text("review.none_such_text")} />;
    if (page.status !== "RECONCILE") return <EmptyState icon="check" title={text("review.none")} text={text(page.status === "OPEN" ? "review.none_open" : "review.none_over")} action={<Button href={pathTo("/counts", countId)}>{text("review.to_count")}</Button>} />;
    return (
        <EmptyState
            icon="check"
            title={text("review.none")}
            text={text(page.can_approve ? "review.none_approve" : "review.none_blocked")}
            action={page.can_approve ? <Button kind="primary" size="large" icon="flag" onClick={onApprove}>{text("review.approve")}</Button> : undefined}
        />
    );
}

/** Keeps the reader's place when the list is read anew and what was accepted is gone from it. */
function usePlace(rows: readonly ReviewLine[], table: { current: TableHandle | null }) {
    const at = useRef<{ key: string; index: number } | null>(null);
    const before = useRef<readonly string[]>([]);
    useEffect(() => {
        const keys = rows.map(lineKey);
        const old = before.current;
        before.current = keys;
        const here = at.current;
        if (here === null || keys[here.index] === here.key) return;
        const index = placeAfter(old, keys, here.key);
        at.current = index < 0 ? null : { key: keys[index] ?? "", index };
        const active = document.activeElement;
        if (index >= 0 && (active === null || active === document.body || active.closest(".table-row") !== null)) table.current?.focusRow(index);
    }, [rows]);
    return {
        at: (key: string, index: number): void => {
            at.current = { key, index };
        },
        index: (): number => at.current?.index ?? -1,
    };
}

/** Accepting one line: it says how it went, shows a line that changed as it is now, and goes on to the next. */
function useAccept(countId: string, walk: { change: (to: (line: ReviewLine) => ReviewLine) => void; reload: () => Promise<void>; data: { rows: readonly ReviewLine[] } | undefined }, focus: (index: number) => void) {
    const [said, setSaid] = useState("");
    const running = useRef(new Set<string>());
    const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
    useEffect(() => () => clearTimeout(timer.current), []);
    const replace = (line: ReviewLine): void => walk.change((each) => (lineKey(each) === lineKey(line) ? line : each));
    const accept = async (line: ReviewLine, index: number): Promise<void> => {
        if (running.current.has(lineKey(line)) || line.state === "accepted") return;
        running.current.add(lineKey(line));
        try {
            const [verdict] = await acceptLines(client, countId, [line]);
            const code = verdict?.code ?? null;
            if (code === null) {
                replace({ ...line, state: "accepted", undecided: false });
                setSaid(text("accept.done", { item: line.item_code }));
                if (index >= 0 && index + 1 < (walk.data?.rows.length ?? 0)) focus(index + 1);
            } else {
                const known = acceptFault(code);
                notify({ tone: "bad", text: known === null ? text("accept.refused", { item: line.item_code }) : `${line.item_code}: ${text(`accept.${known}`)}` });
                const { items } = await client.call("get", "/api/sessions/{id}/review", { path: { id: countId }, query: { item: line.item_code } });
                for (const now of items) replace(now);
            }
            // The sums follow when a person pauses, not at each key.
            clearTimeout(timer.current);
            timer.current = setTimeout(() => void walk.reload(), 800);
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        } finally {
            running.current.delete(lineKey(line));
        }
    };
    return { accept, said };
}

/** Keys of the page, where nothing has the focus that means something else by them. */
function usePageKeys(keys: { [key: string]: () => void }): void {
    const latest = useRef(keys);
    latest.current = keys;
    useEffect(() => {
        const hear = (event: KeyboardEvent): void => {
            const { target } = event;
            if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") !== null) return;
            if (target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))) return;
            const meant = latest.current[event.key];
            if (meant === undefined) return;
            event.preventDefault();
            meant();
        };
        document.addEventListener("keydown", hear);
        return () => document.removeEventListener("keydown", hear);
    }, []);
}
