import type { Schema } from "@stockverify/client";
import { useState } from "preact/hooks";
import { daysOf } from "../../days.js";
import { faultText } from "../../faults.js";
import { dateTime, number } from "../../i18n/format.js";
import { useLoadPages } from "../../load-pages.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Banner, Chip, EmptyState } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Code } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { Who } from "../supervisor/people.js";
import { actionWords } from "./audit-texts.js";
import { Details } from "./details.js";
import { FilterField } from "./filter-field.js";
import { queryOf, useFilters } from "./filters.js";
import { text } from "./texts.js";

type Entry = Schema<"AuditEntry">;

const names = ["action", "user", "rack_id", "from", "to"] as const;

/** Who did what; and whether anybody changed what stands here. */
export function AuditPage() {
    const [filters, change] = useFilters(...names);
    const [opened, setOpened] = useState<Entry | null>(null);
    const query = daysOf(queryOf(filters));
    const loaded = useLoadPages((cursor, signal) => client.call("get", "/api/admin/audit", { query: { ...query, limit: 200, ...(cursor === undefined ? {} : { cursor }) }, signal }), Object.values(filters));
    return (
        <Page title={text("audit.title")} wide>
            <div class="stack">
                <ChainCheck />
                <div class="filters">
                    <FilterField label={text("audit.action")} value={filters.action} onChange={(action) => change({ action })} code />
                    <FilterField label={text("audit.user")} value={filters.user} onChange={(user) => change({ user })} code />
                    <FilterField label={text("rack.id")} value={filters.rack_id} onChange={(rack_id) => change({ rack_id })} code />
                    <FilterField label={text("from")} type="date" value={filters.from} onChange={(from) => change({ from })} />
                    <FilterField label={text("to")} type="date" value={filters.to} onChange={(to) => change({ to })} />
                </div>
                <Loading of={loaded} rows={8} height={52}>
                    {(entries) =>
                        entries.length === 0 ? (
                            <EmptyState icon="shield" title={text("audit.none")} text={Object.keys(query).length > 0 ? text("none_narrowed") : text("audit.none_text")} />
                        ) : (
                            <Table label={text("audit.title")} rows={entries} columns={columns()} keyOf={keyOf} onEnd={loaded.more} onOpen={setOpened} rowHeight={64} />
                        )
                    }
                </Loading>
            </div>
            {opened !== null && (
                <Dialog title={text("audit.entry")} onClose={() => setOpened(null)}>
                    <Details of={opened} />
                </Dialog>
            )}
            <ZoneNote days="device" />
        </Page>
    );
}

const keyOf = (entry: Entry): string => `${entry.seq ?? ""} ${entry.at} ${entry.action} ${entry.request_id ?? ""} ${entry.hash ?? ""}`;

/** In words, with the code that is searched for. */
function Action({ code }: { code: string }) {
    const words = actionWords(code);
    if (words === null) return <Code>{code}</Code>;
    return (
        <span class="stack-tight audit-action">
            <span>{words}</span>
            <span class="small soft">
                <Code>{code}</Code>
            </span>
        </span>
    );
}

function Sealed({ entry }: { entry: Entry }) {
    if (entry.verified === false) return <Chip tone="bad">{text("audit.changed")}</Chip>;
    if (entry.seq === null) return <Chip>{text("audit.unsealed")}</Chip>;
    return <Chip tone="ok" icon="lock"><span translate={false}>{number(entry.seq)}</span></Chip>;
}

const columns = (): readonly Column<Entry>[] => [
    { key: "at", title: text("audit.at"), width: "minmax(26ch, max-content)", cell: (entry) => <time translate={false}>{dateTime(entry.at)}</time> },
    { key: "action", title: text("audit.action"), width: "minmax(30ch, 1.5fr)", cell: (entry) => <Action code={entry.action} /> },
    { key: "user", title: text("audit.user"), width: "minmax(14ch, 1fr)", cell: (entry) => (entry.user_id === null ? "–" : <Who id={entry.user_id} />) },
    { key: "rack", title: text("rack.id"), width: "minmax(12ch, max-content)", cell: (entry) => <Code>{entry.rack_id ?? "–"}</Code> },
    { key: "count", title: text("audit.count"), width: "minmax(12ch, 1fr)", cell: (entry) => <Code>{entry.count_id ?? "–"}</Code> },
    { key: "sealed", title: text("audit.sealed"), width: "minmax(14ch, max-content)", cell: (entry) => <Sealed entry={entry} /> },
];

type Chain = NonNullable<Awaited<ReturnType<typeof checkChain>>>;

const checkChain = async () => (await client.call("get", "/api/admin/audit", { query: { verify: "true", limit: 1 } })).chain;

/** Every entry bears the hash of the one before: whoever changed or took one out broke the chain there. */
function ChainCheck() {
    const [chain, setChain] = useState<Chain | null>(null);
    const check = async (): Promise<void> => {
        try {
            setChain(await checkChain());
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    return (
        <section class="card stack" aria-live="polite">
            <div class="row">
                <p class="audit-said">{text("audit.chain_text")}</p>
                <Button kind="primary" icon="shield" onClick={check}>{text("audit.check")}</Button>
            </div>
            {chain !== null && chain.whole && <Banner tone="ok" title={text("audit.whole", { n: chain.entries })}>{chain.unsealed > 0 ? text("audit.unsealed_text", { n: chain.unsealed }) : text("audit.whole_text")}</Banner>}
            {chain !== null && !chain.whole && (
                <Banner tone="bad" title={chain.bad_seq === null ? text("audit.broken") : text("audit.broken_at", { seq: chain.bad_seq })}>
                    {text("audit.broken_text")} {chain.problem !== null && <span translate={false}>{chain.problem}</span>}
                </Banner>
            )}
        </section>
    );
}
