import type { Schema } from "@stockverify/client";
import { daysOf } from "../../days.js";
import { useState } from "preact/hooks";
import { dateTime } from "../../i18n/format.js";
import { useLoadPages } from "../../load-pages.js";
import { client } from "../../session.js";
import { Dialog } from "../../ui/dialog.js";
import { Select } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { Details } from "./details.js";
import { FilterField } from "./filter-field.js";
import { queryOf, useFilters } from "./filters.js";
import { text } from "./texts.js";

type Entry = Schema<"ErrorEntry">;

const sources = ["server", "worker", "console"] as const;
const icons = { server: "health", worker: "job", console: "scan" } as const;

/** What went wrong: in the server, in its workers, in people's hands. */
export function ErrorsPage() {
    const [filters, change] = useFilters("source", "code", "from", "to");
    const [opened, setOpened] = useState<Entry | null>(null);
    const query = daysOf(queryOf(filters));
    const loaded = useLoadPages((cursor, signal) => client.call("get", "/api/admin/errors", { query: { ...query, limit: 200, ...(cursor === undefined ? {} : { cursor }) } as never, signal }), Object.values(filters));
    return (
        <Page title={text("errors.title")} wide>
            <div class="stack">
                <div class="filters">
                    <Select label={text("errors.source")} value={filters.source} onChange={(source) => change({ source })} options={[{ value: "", label: text("all") }, ...sources.map((value) => ({ value, label: text(`source.${value}`) }))]} />
                    <FilterField label={text("errors.code")} value={filters.code} onChange={(code) => change({ code })} code />
                    <FilterField label={text("from")} type="date" value={filters.from} onChange={(from) => change({ from })} />
                    <FilterField label={text("to")} type="date" value={filters.to} onChange={(to) => change({ to })} />
                </div>
                <Loading of={loaded} rows={8} height={52}>
                    {(entries) =>
                        entries.length === 0 ? (
                            <EmptyState icon="check" title={text("errors.none")} text={Object.keys(query).length > 0 ? text("none_narrowed") : text("errors.none_text")} />
                        ) : (
                            <Table label={text("errors.title")} rows={entries} columns={columns()} keyOf={(entry) => `${entry.at} ${entry.request_id ?? ""} ${entry.job_id ?? ""} ${entry.message ?? ""}`} onEnd={loaded.more} onOpen={setOpened} />
                        )
                    }
                </Loading>
            </div>
            {opened !== null && (
                <Dialog title={text("errors.entry")} onClose={() => setOpened(null)}>
                    <Details of={opened} />
                </Dialog>
            )}
            <ZoneNote days="device" />
        </Page>
    );
}

const columns = (): readonly Column<Entry>[] => [
    { key: "at", title: text("audit.at"), width: "minmax(20ch, max-content)", cell: (entry) => <time translate={false}>{dateTime(entry.at)}</time> },
    { key: "source", title: text("errors.source"), width: "minmax(12ch, max-content)", cell: (entry) => <Chip icon={icons[entry.source]}>{text(`source.${entry.source}`)}</Chip> },
    { key: "code", title: text("errors.code"), width: "minmax(16ch, max-content)", cell: (entry) => <Code>{entry.code ?? "–"}</Code> },
    { key: "message", title: text("errors.message"), width: "minmax(30ch, 2fr)", cell: (entry) => <Data>{entry.message ?? "–"}</Data> },
    { key: "where", title: text("errors.where"), width: "minmax(16ch, 1fr)", cell: (entry) => <Code>{entry.route ?? "–"}</Code> },
];
