import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { money, signed, signedMoney } from "../../office-format.js";
import { figure, number } from "../../i18n/format.js";
import { pathTo } from "../../paths.js";
import { daysOf } from "../../days.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Select, TextField } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Banner, Chip, EmptyState } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { text as decideText } from "./decide-texts.js";
import type { Variance as Row } from "./kinds.js";
import { Who } from "./people.js";
import { ItemCell, Unit, Variance } from "./review-lines.js";
import { limitOf } from "./scope.js";
import { text } from "./texts.js";
import { useWalk } from "./walk.js";

const sorts = ["-abs_value", "-abs_variance", "value", "-value", "variance", "-variance", "item_code", "-item_code", "-counted_at", "counted_at"] as const;
type Sort = (typeof sorts)[number];

/** What may be asked for; each is a part of the page's address, so that it can be kept and sent. */
const names = ["count_id", "warehouse", "floor", "category", "from", "to", "min_qty", "min_value"] as const;
type Filters = { [Name in (typeof names)[number]]: string };

/** Differences of counts by item and lot, with what they come to in each unit and currency by itself. */
export function VariancesPage() {
    const { query, route } = useLocation();
    const sort: Sort = sorts.find((each) => each === query["sort"]) ?? "-abs_value";
    const filters = Object.fromEntries(names.map((name) => [name, query[name] ?? ""])) as Filters;
    const numbers = { min_qty: limitOf(filters.min_qty), min_value: limitOf(filters.min_value) };
    const walk = useWalk(
        (cursor, signal) => {
            const given = Object.fromEntries(names.filter((name) => name !== "min_qty" && name !== "min_value" && filters[name] !== "").map((name) => [name, filters[name]]));
            return client.call("get", "/api/erp/items/variances", { query: { sort, limit: 200, ...daysOf(given), ...(typeof numbers.min_qty === "number" ? { min_qty: numbers.min_qty } : {}), ...(typeof numbers.min_value === "number" ? { min_value: numbers.min_value } : {}), ...(cursor === undefined ? {} : { cursor }) }, signal });
        },
        [sort, ...names.map((name) => filters[name])],
    );
    const show = (to: Partial<Filters> & { sort?: Sort }): void => {
        const wanted = Object.entries({ ...filters, sort, ...to }).filter(([, value]) => value !== "");
        route(`${pathTo("/variances")}?${new URLSearchParams(wanted).toString()}`, true);
    };
    return (
        <Page title={decideText("variances.title")} wide>
            <div class="stack">
                <FilterForm key={JSON.stringify(filters)} filters={filters} onChange={show} />
                <div class="narrow">
                    <Select label={text("review.sort")} value={sort} options={sorts.map((value) => ({ value, label: decideText(`variances.sort.${value}`) }))} onChange={(value) => show({ sort: value })} />
                </div>
                <Loading of={walk} rows={6}>
                    {({ rows, page }) => (
                        <>
                            <Totals totals={page.totals} />
                            {rows.length === 0 ? (
                                <EmptyState icon="check" title={decideText("variances.none")} text={decideText("variances.none_text")} />
                            ) : (
                                <Table
                                    label={decideText("variances.title")}
                                    rows={rows}
                                    columns={columns()}
                                    keyOf={(row) => `${row.count_id} ${row.item_code} ${row.lot ?? ""}`}
                                    total={page.totals.lines}
                                    onEnd={walk.more}
                                    onOpen={(row) => route(pathTo("/counts", row.count_id, "review", row.item_code))}
                                    sorting={{ key: sort.replace(/^-/, "").replace("abs_", ""), descending: sort.startsWith("-") }}
                                    onSort={({ key, descending }) => {
                                        const wanted = `${descending ? "-" : ""}${key}`;
                                        show({ sort: sorts.find((each) => each === wanted) ?? sort });
                                    }}
                                    rowHeight={64}
                                />
                            )}
                        </>
                    )}
                </Loading>
            </div>
            <ZoneNote days="device" />
        </Page>
    );
}

function FilterForm({ filters, onChange }: { filters: Filters; onChange: (filters: Filters) => void }) {
    const [typed, setTyped] = useState(filters);
    const isBad = (value: string): boolean => limitOf(value) === undefined;
    const fault = isBad(typed.min_qty) || isBad(typed.min_value) ? text("open.fault.limit") : undefined;
    const field = (name: keyof Filters) => ({ value: typed[name], onInput: (value: string) => setTyped({ ...typed, [name]: value }) });
    const isAny = names.some((name) => filters[name] !== "");
    return (
        <details open={isAny}>
            <summary>{decideText("variances.filter")}</summary>
            <form
                class="stack inside"
                onSubmit={(event) => {
                    event.preventDefault();
                    if (fault === undefined) onChange(typed);
                }}
            >
                <div class="filters">
                    <TextField label={text("open.warehouse")} {...field("warehouse")} />
                    <TextField label={decideText("variances.floor")} {...field("floor")} />
                    <TextField label={decideText("variances.category")} {...field("category")} />
                    <TextField label={decideText("variances.from")} type="date" {...field("from")} />
                    <TextField label={decideText("variances.to")} type="date" {...field("to")} />
                    <TextField label={decideText("variances.min_qty")} inputMode="decimal" {...field("min_qty")} />
                    <TextField label={decideText("variances.min_value")} inputMode="decimal" {...field("min_value")} />
                </div>
                {fault !== undefined && <Banner tone="bad">{fault}</Banner>}
                <div class="row">
                    <Button kind="primary" icon="filter" type="submit">{decideText("variances.show")}</Button>
                    {isAny && <Button onClick={() => onChange(Object.fromEntries(names.map((name) => [name, ""])) as Filters)}>{decideText("variances.clear")}</Button>}
                </div>
            </form>
        </details>
    );
}

type TotalsOf = Awaited<ReturnType<typeof client.call<"get", "/api/erp/items/variances">>>["totals"];

/** Units and currencies are never added: each has its own sums. */
function Totals({ totals }: { totals: TotalsOf }) {
    return (
        <dl class="tiles summary">
            <div class="card">
                <dt class="small soft">{decideText("variances.lines")}</dt>
                <dd class="tile-value">{number(totals.lines)}</dd>
                <dd class="small soft">{decideText("variances.not_counted", { n: totals.not_counted })}</dd>
                {totals.incomplete > 0 && <dd class="small soft">{decideText("variances.incomplete", { n: totals.incomplete })}</dd>}
                {totals.unknown_book > 0 && <dd class="small soft">{decideText("variances.unknown_book", { n: totals.unknown_book })}</dd>}
            </div>
            {totals.value.map((sum) => (
                <div key={`value ${sum.currency ?? ""}`} class="card">
                    <dt class="small soft">{text("line.value")}</dt>
                    <dd class="tile-value">{signedMoney(sum.net, sum.currency)}</dd>
                    <dd class="small soft">{decideText("variances.gross", { sum: money(sum.gross, sum.currency) })}</dd>
                </div>
            ))}
            {totals.quantity.map((sum) => (
                <div key={`quantity ${sum.uom ?? ""}`} class="card">
                    <dt class="small soft">{sum.uom === null ? text("line.variance") : <>{text("line.variance")} · <Data>{sum.uom}</Data></>}</dt>
                    <dd class="tile-value">{signed(sum.net)}</dd>
                    <dd class="small soft">{decideText("variances.gross", { sum: figure(sum.gross) })}</dd>
                </div>
            ))}
        </dl>
    );
}

const columns = (): readonly Column<Row>[] => [
    { key: "item_code", title: text("line.item"), width: "minmax(20ch, 2fr)", sortable: true, cell: (row) => <ItemCell code={row.item_code} name={row.item_name} lot={row.lot ?? ""} /> },
    { key: "category", title: decideText("variances.category"), width: "minmax(12ch, 1fr)", cell: (row) => <Data>{row.category ?? ""}</Data> },
    { key: "book", title: text("line.book"), width: "minmax(8ch, max-content)", align: "end", cell: (row) => <>{figure(row.system_qty)} <Unit uom={row.uom} /></> },
    { key: "counted", title: text("line.counted"), width: "minmax(8ch, max-content)", align: "end", cell: (row) => <>{figure(row.compared_qty ?? row.verified_qty)} <Unit uom={row.uom} /></> },
    { key: "variance", title: text("line.variance"), width: "minmax(11ch, max-content)", align: "end", sortable: true, cell: (row) => (row.state === "incomplete" ? <Chip>{text("line.state.incomplete")}</Chip> : <Variance line={row} />) },
    { key: "value", title: text("line.value"), width: "minmax(10ch, max-content)", align: "end", sortable: true, cell: (row) => (row.variance_value === null ? "–" : signedMoney(row.variance_value, row.currency)) },
    { key: "who", title: text("racks.who"), width: "minmax(16ch, 1fr)", cell: (row) => (row.counted_by === null ? <Chip>{text("line.state.not_counted")}</Chip> : <Who id={row.counted_by} />) },
];

