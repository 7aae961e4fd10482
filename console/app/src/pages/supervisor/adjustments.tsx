import { useLocation } from "preact-iso";
import { dateTime, number } from "../../i18n/format.js";
import { signedMoney } from "../../office-format.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { type Adjustment, adjustmentSigns } from "./kinds.js";
import { moneyLabel } from "./review-lines.js";
import { text } from "./texts.js";
import { useWalk } from "./walk.js";

const filters = ["all", "approved", "posting", "stopped", "refused", "posted"] as const;

/** What counts corrected in the books, the latest first. */
export function AdjustmentsPage() {
    const { query, route } = useLocation();
    const filter = filters.find((each) => each === query["status"]) ?? "all";
    const walk = useWalk((cursor, signal) => client.call("get", "/api/adjustments", { query: { limit: 200, ...(filter === "all" ? {} : { status: filter }), ...(cursor === undefined ? {} : { cursor }) }, signal }), [filter]);
    return (
        <Page title={text("adjustments.title")} wide>
            <div class="stack">
                <Segments label={text("counts.filter")} value={filter} options={filters.map((value) => ({ value, label: text(value === "all" ? "counts.all" : `adjustment.status.${value}`) }))} onChange={(value) => route(value === "all" ? pathTo("/adjustments") : `${pathTo("/adjustments")}?status=${value}`, true)} />
                <Loading of={walk} rows={5}>
                    {({ rows }) =>
                        rows.length === 0 ? (
                            <EmptyState icon="check" title={text(filter === "all" ? "adjustments.none" : "adjustments.none_such")} text={text(filter === "all" ? "adjustments.none_text" : "counts.none_such_text")} />
                        ) : (
                            <Table label={text("adjustments.title")} rows={rows} columns={columns()} keyOf={(row) => row.adjustment_id} onEnd={walk.more} onOpen={(row) => route(pathTo("/adjustments", row.adjustment_id))} rowHeight={64} />
                        )
                    }
                </Loading>
            </div>
            <ZoneNote />
        </Page>
    );
}

export function AdjustmentState({ adjustment }: { adjustment: Pick<Adjustment, "status"> }) {
    return <Chip {...adjustmentSigns[adjustment.status]}>{text(`adjustment.status.${adjustment.status}`)}</Chip>;
}

const columns = (): readonly Column<Adjustment>[] => [
    { key: "seq", title: text("adjustment.number"), width: "max-content", align: "end", cell: (row) => <strong>{number(row.seq)}</strong> },
    {
        key: "what",
        title: text("adjustment.what"),
        width: "minmax(18ch, 2fr)",
        cell: (row) => (
            <>
                {text(`adjustment.kind.${row.kind}`)} <span class="small soft"><Data>{row.warehouse}</Data></span>
                <div class="small soft clip"><Data>{row.note ?? ""}</Data></div>
            </>
        ),
    },
    { key: "status", title: text("line.state"), width: "minmax(max-content, 1fr)", cell: (row) => <span class="flags"><AdjustmentState adjustment={row} />{row.reversed_by !== null && <Chip icon="undo">{text("adjustment.reversed")}</Chip>}</span> },
    { key: "lines", title: text("adjustment.lines"), width: "max-content", align: "end", cell: (row) => number(row.line_count) },
    { key: "net", title: text("summary.net"), width: "max-content", align: "end", cell: (row) => signedMoney(row.value, row.currency) },
    { key: "gross", title: text("summary.gross"), width: "max-content", align: "end", cell: (row) => moneyLabel(row.gross_value, row.currency) },
    { key: "who", title: text("adjustment.approved_by"), width: "minmax(26ch, 1fr)", cell: (row) => <><Data>{row.approved_by.full_name ?? row.approved_by.user_id ?? ""}</Data><div class="small soft"><time translate={false}>{dateTime(row.approved_at)}</time></div></> },
];
