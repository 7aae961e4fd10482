import type { Schema } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { dateTime, number } from "../../i18n/format.js";
import { useLoadPages } from "../../load-pages.js";
import { base, pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Select } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { FilterField } from "./filter-field.js";
import { queryOf, useFilters } from "./filters.js";
import { RackState, rackStates } from "./rack-state.js";
import { sortingOf, sortOf } from "./sorting.js";
import { text } from "./texts.js";

type Rack = Schema<"AdminRack">;

const columns = (): readonly Column<Rack>[] => [
    { key: "rack_id", title: text("rack.id"), width: "minmax(14ch, 1.5fr)", sortable: true, cell: (rack) => <strong><Code>{rack.rack_id}</Code></strong> },
    { key: "warehouse", title: text("warehouse"), width: "minmax(14ch, 1fr)", sortable: true, cell: (rack) => <Data>{rack.warehouse ?? "–"}</Data> },
    { key: "floor", title: text("rack.floor"), width: "minmax(16ch, 1fr)", sortable: true, cell: (rack) => <Data>{rack.floor ?? "–"}</Data> },
    { key: "zone", title: text("rack.zone"), width: "minmax(16ch, 1fr)", sortable: true, cell: (rack) => <Data>{rack.zone ?? "–"}</Data> },
    { key: "status", title: text("rack.state"), width: "minmax(14ch, max-content)", sortable: true, cell: (rack) => (rack.deleted ? <Chip tone="bad" icon="trash">{text("rack.deleted")}</Chip> : <RackState state={rack.status} />) },
    { key: "estimated_items", title: text("rack.estimated"), width: "minmax(10ch, max-content)", align: "end", sortable: true, cell: (rack) => <span translate={false}>{rack.estimated_items === null ? "–" : number(rack.estimated_items)}</span> },
    { key: "last_verified_at", title: text("rack.verified"), width: "minmax(26ch, max-content)", sortable: true, cell: (rack) => (rack.last_verified_at === null ? <span class="soft">{text("users.never")}</span> : <time translate={false}>{dateTime(rack.last_verified_at)}</time>) },
];

const narrowing = ["q", "warehouse", "floor", "status", "deleted"] as const;

/** Where things stand: found, added, imported, labelled. */
export function RacksPage() {
    const { route } = useLocation();
    const [filters, change] = useFilters(...narrowing, "sort");
    const { sort, ...narrowed } = filters;
    const order = sort === "" ? "rack_id" : sort;
    const query = queryOf(narrowed);
    const loaded = useLoadPages((cursor, signal) => client.call("get", "/api/admin/racks", { query: { ...query, sort: order, limit: 200, ...(cursor === undefined ? {} : { cursor }) } as never, signal }), Object.values(filters));
    const isNarrowed = Object.keys(query).length > 0;
    const labels = `${pathTo("/admin/racks/labels")}${isNarrowed ? `?${new URLSearchParams(query as { [name: string]: string }).toString()}` : ""}`;
    return (
        <Page
            title={text("racks.title")}
            wide
            actions={<Button kind="primary" icon="plus" href={pathTo("/admin/racks/new")}>{text("racks.add")}</Button>}
        >
            <div class="stack">
                <div class="filters">
                    <FilterField label={text("rack.id")} value={filters.q} onChange={(q) => change({ q })} code />
                    <FilterField label={text("warehouse")} value={filters.warehouse} onChange={(warehouse) => change({ warehouse })} />
                    <FilterField label={text("rack.floor")} value={filters.floor} onChange={(floor) => change({ floor })} />
                    <Select
                        label={text("rack.state")}
                        value={filters.deleted === "true" ? "deleted" : filters.status}
                        onChange={(status) => change(status === "deleted" ? { status: "", deleted: "true" } : { status, deleted: "" })}
                        options={[{ value: "", label: text("all") }, ...rackStates.map((value) => ({ value, label: text(`rack.${value}`) })), { value: "deleted", label: text("rack.deleted") }]}
                    />
                </div>
                <div class="row">
                    <Button kind="soft" icon="upload" href={pathTo("/admin/racks/import")}>{text("racks.import")}</Button>
                    <Button kind="soft" icon="print" href={labels}>{text("racks.labels")}</Button>
                </div>
                <Loading of={loaded} rows={8} height={52}>
                    {(racks) =>
                        racks.length > 0 ? (
                            <Table
                                label={text("racks.title")}
                                rows={racks}
                                columns={columns()}
                                keyOf={(rack) => rack.rack_id}
                                onEnd={loaded.more}
                                onOpen={(rack) => route(pathTo("/admin/racks", rack.rack_id))}
                                sorting={sortingOf(order)}
                                onSort={(sorting) => change({ sort: sortOf(sorting) })}
                            />
                        ) : isNarrowed ? (
                            <EmptyState icon="rack" title={text("racks.none_found")} text={text("none_narrowed")} />
                        ) : (
                            <EmptyState icon="rack" title={text("racks.none")} text={text("racks.none_text")} action={<Button kind="primary" icon="upload" href={`${base}/admin/racks/import`}>{text("racks.import")}</Button>} />
                        )
                    }
                </Loading>
            </div>
            <ZoneNote />
        </Page>
    );
}
