import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { dateTime, figure } from "../../i18n/format.js";
import { useLiveReload } from "../../live.js";
import { useLoad } from "../../load.js";
import { signedPercent } from "../../office-format.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Banner, Chip } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { acceptFault, acceptLines, percentOf } from "./accepting.js";
import type { LineDetail, ReviewLine } from "./kinds.js";
import { Who, WhoAll } from "./people.js";
import { ReasonDialog } from "./reason-dialog.js";
import { RecountDialog } from "./recount-dialog.js";
import { LineFlags, LineState, moneyLabel, Unit, Variance } from "./review-lines.js";
import { text } from "./texts.js";

/** What stands behind an item of a count: every figure can be followed down to the records that make it. */
export function ReviewLinePage() {
    const countId = useParameter("count");
    const item = useParameter("item");
    const loaded = useLoad((signal) => client.call("get", "/api/sessions/{id}/review/{item_code}", { path: { id: countId, item_code: item }, signal }), [countId, item]);
    useLiveReload(["review.", "recount.", "session.", "rack."], loaded.reload, (event) => event.id === countId || event["count_id"] === countId);
    const [recounts, setRecounts] = useState(false);
    const [excludes, setExcludes] = useState<string | null>(null);
    const [changed, setChanged] = useState<string | null>(null);
    const accept = async (line: ReviewLine): Promise<void> => {
        try {
            const [verdict] = await acceptLines(client, countId, [line]);
            const known = verdict?.code === null || verdict === undefined ? null : acceptFault(verdict.code);
            setChanged(verdict?.code === null ? null : known === null ? text("accept.refused", { item: line.item_code }) : text(`accept.${known}`));
            if (verdict?.code === null) notify({ tone: "ok", text: text("accept.done", { item: line.item_code }) });
            await loaded.reload();
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    const exclude = async (rackId: string, reason: string, undo = false): Promise<string | undefined> => {
        try {
            await client.call("post", "/api/sessions/{id}/review/exclude", { path: { id: countId }, body: undo ? { racks: [rackId], undo: true } : { racks: [rackId], reason } });
            setExcludes(null);
            await loaded.reload();
            return undefined;
        } catch (fault) {
            return faultText(fault);
        }
    };
    return (
        <Page title={text("detail.title", { item })} heading={<Code>{item}</Code>} back={pathTo("/counts", countId, "review")} wide>
            <Loading of={loaded} rows={4}>
                {(detail) => (
                    <div class="stack">
                        {changed !== null && <Banner tone="warn" title={changed}>{text("accept.look_again")}</Banner>}
                        {detail.lines.map((line) => (
                            <LineCard key={line.lot} line={line} currency={detail.currency} onAccept={accept} />
                        ))}
                        <div class="row">
                            <Button icon="sync" onClick={() => setRecounts(true)}>{text("racks.recount")}</Button>
                            <Button icon="box" href={pathTo("/items", item)}>{text("detail.item")}</Button>
                        </div>
                        <Racks detail={detail} onExclude={setExcludes} onInclude={(rack) => exclude(rack, "", true)} />
                        <Records detail={detail} />
                        <Conflicts detail={detail} countId={countId} />
                        <Serials detail={detail} />
                    </div>
                )}
            </Loading>
            {recounts && (
                <RecountDialog
                    countId={countId}
                    items={[item]}
                    onClose={() => setRecounts(false)}
                    onDone={async () => {
                        setRecounts(false);
                        await loaded.reload();
                    }}
                />
            )}
            {excludes !== null && <ReasonDialog title={text("exclude.title", { n: 1 })} explain={text("exclude.text")} confirm={text("racks.exclude")} onClose={() => setExcludes(null)} onSubmit={(reason) => exclude(excludes, reason)} />}
            <ZoneNote />
        </Page>
    );
}

function LineCard({ line, currency, onAccept }: { line: ReviewLine; currency: string | null; onAccept: (line: ReviewLine) => Promise<void> }) {
    const facts: readonly (readonly [string, ComponentChildren])[] = [
        [text("line.book"), <>{figure(line.book)} <Unit uom={line.uom} /></>],
        [text("line.counted"), <>{figure(line.counted)} <Unit uom={line.uom} /></>],
        [text("line.variance"), <Variance line={line} />],
        [text("line.percent"), signedPercent(percentOf(line))],
        [text("line.value"), moneyLabel(line.value, currency)],
        ...(line.moved_qty === null || line.moved_qty === undefined || line.moved_qty === 0 ? [] : [[text("line.moved"), <>{figure(line.moved_qty)} <Unit uom={line.uom} /></>] as const]),
        ...(line.adjusted_qty === null || line.adjusted_qty === undefined || line.adjusted_qty === 0 ? [] : [[text("line.adjusted"), <>{figure(line.adjusted_qty)} <Unit uom={line.uom} /></>] as const]),
        ...(line.damage_qty === null || line.damage_qty === undefined || line.damage_qty === 0 ? [] : [[text("line.damaged"), <>{figure(line.damage_qty)} <Unit uom={line.uom} /></>] as const]),
    ];
    const accepts = line.undecided && !line.flags.includes("unknown") && (line.conflicts ?? 0) === 0 && (line.state === "counted" || line.state === "recounted" || line.state === "not_recounted");
    return (
        <section class="card stack">
            <div class="row chips">
                <strong class="grow">{line.item_name === null || line.item_name === undefined ? text("line.no_name") : <Data>{line.item_name}</Data>}</strong>
                {line.lot !== "" && <Chip icon="note">{text("line.lot", { lot: line.lot })}</Chip>}
                <LineState line={line} />
                <LineFlags line={line} />
            </div>
            <dl class="tiles facts-tiles">
                {facts.map(([name, value]) => (
                    <div key={name}>
                        <dt class="small soft">{name}</dt>
                        <dd class="fact">{value}</dd>
                    </div>
                ))}
            </dl>
            <p class="small soft">
                {line.counted_by.length > 0 && <>{text("detail.counted_by")} <WhoAll ids={line.counted_by} /></>}
                {line.counted_at !== null && line.counted_at !== undefined && <> · <time translate={false}>{dateTime(line.counted_at)}</time></>}
            </p>
            {line.accepted !== null && line.accepted !== undefined && line.accepted.by !== null && line.accepted.by !== undefined && (
                <p class="small"><Chip tone="ok">{text("line.state.accepted")}</Chip> <Who id={line.accepted.by} /></p>
            )}
            {line.undecided && <p>{text(`detail.why.${line.state}`)}</p>}
            {accepts && <div><Button kind="primary" icon="check" onClick={() => onAccept(line)}>{text("review.accept")}</Button></div>}
        </section>
    );
}

function Racks({ detail, onExclude, onInclude }: { detail: LineDetail; onExclude: (rackId: string) => void; onInclude: (rackId: string) => Promise<unknown> }) {
    if (detail.racks.length === 0) return null;
    return (
        <section class="stack-tight">
            <h2>{text("detail.racks")}</h2>
            <ul class="list">
                {detail.racks.map((rack) => (
                    <li key={rack.rack_id} class="list-row">
                        <span class="grow stack-tight">
                            <strong><Code>{rack.rack_id}</Code></strong>
                            <span class="row chips">
                                <Chip tone={rack.standing === "open" ? "warn" : rack.standing === "excluded" ? "plain" : "ok"}>{text(`detail.rack.${rack.standing}`)}</Chip>
                                {rack.recount !== null && <Chip tone={rack.recount === "pending" ? "warn" : "ok"} icon="sync">{text(`detail.recount.${rack.recount}`)}</Chip>}
                            </span>
                        </span>
                        {rack.standing === "excluded" ? (
                            <Button icon="undo" onClick={() => onInclude(rack.rack_id)}>{text("racks.include")}</Button>
                        ) : (
                            rack.standing === "open" && <Button icon="minus" onClick={() => onExclude(rack.rack_id)}>{text("racks.exclude")}</Button>
                        )}
                    </li>
                ))}
            </ul>
        </section>
    );
}

type DetailRecord = LineDetail["records"][number];

function Records({ detail }: { detail: LineDetail }) {
    if (detail.records.length === 0) return <p class="soft">{text("detail.no_records")}</p>;
    const uom = detail.lines[0]?.uom;
    const columns: readonly Column<DetailRecord>[] = [
        { key: "rack", title: text("racks.rack"), width: "minmax(10ch, 1fr)", cell: (record) => <Code>{record.rack_id ?? "–"}</Code> },
        { key: "who", title: text("racks.who"), width: "minmax(16ch, 1fr)", cell: (record) => (record.user_id === null ? "–" : <Who id={record.user_id} />) },
        { key: "at", title: text("detail.when"), width: "minmax(max-content, 1fr)", cell: (record) => (record.counted_at === null || record.counted_at === undefined ? "–" : <time translate={false}>{dateTime(record.counted_at)}</time>) },
        { key: "round", title: text("detail.round"), width: "max-content", align: "end", cell: (record) => figure(record.round) },
        { key: "quantity", title: text("line.counted"), width: "max-content", align: "end", cell: (record) => <strong>{record.declared_empty ? text("detail.empty") : <>{figure(record.verified_qty)} <Unit uom={uom} /></>}</strong> },
        { key: "damage", title: text("line.damaged"), width: "max-content", align: "end", cell: (record) => <>{figure(record.damage_qty)} <Unit uom={uom} /></> },
        { key: "counts", title: text("detail.stands"), width: "minmax(max-content, 1fr)", cell: (record) => <Chip tone={record.counts ? "ok" : "plain"} icon={record.counts ? "check" : "minus"}>{text(`detail.standing.${record.counts ? "counts" : standing(record.standing)}`)}</Chip> },
        { key: "remark", title: text("detail.remark"), width: "minmax(16ch, 1.5fr)", cell: (record) => <Data>{[record.variance_reason, record.remark].filter((part) => part !== null).join(" · ")}</Data> },
    ];
    return (
        <section class="stack-tight">
            <h2>{text("detail.records")}</h2>
            <Table label={text("detail.records")} rows={detail.records} columns={columns} keyOf={(record) => record.client_record_id} />
        </section>
    );
}

const standings = ["counts", "void", "replaced", "decided_against", "earlier_round", "yielded"] as const;
const standing = (told: string | null): (typeof standings)[number] => standings.find((each) => each === told) ?? "void";

function Conflicts({ detail, countId }: { detail: LineDetail; countId: string }) {
    const open = detail.conflicts.filter((conflict) => conflict.status === "open").length;
    if (open === 0) return null;
    return <Banner tone="warn" icon="conflict" title={text("detail.conflicts", { n: open })} action={<Button href={`${pathTo("/decide")}?count=${encodeURIComponent(countId)}`}>{text("blocked.conflict_go")}</Button>} />;
}

function Serials({ detail }: { detail: LineDetail }) {
    if (detail.serials.length === 0) return null;
    return (
        <section class="stack-tight">
            <h2>{text("detail.serials", { n: detail.serials.length })}</h2>
            <ul class="list">
                {detail.serials.map((serial) => (
                    <li key={serial.serial_number}>
                        <a class="list-row" href={pathTo("/serials", serial.serial_number)}>
                            <span class="grow"><Code>{serial.serial_number}</Code></span>
                            {serial.rack_id !== null && <Code>{serial.rack_id}</Code>}
                            <SerialState serial={serial} />
                        </a>
                    </li>
                ))}
            </ul>
        </section>
    );
}

export function SerialState({ serial }: { serial: Pick<LineDetail["serials"][number], "state" | "swapped"> }) {
    const tones = { found: "ok", misplaced: "warn", missing: "bad", duplicate: "bad" } as const;
    return (
        <>
            <Chip tone={tones[serial.state]}>{text(`serial.state.${serial.state}`)}</Chip>
            {serial.swapped && <Chip tone="warn" icon="flip">{text("serial.swapped")}</Chip>}
        </>
    );
}
