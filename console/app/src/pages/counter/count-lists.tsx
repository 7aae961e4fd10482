import type { RackItem } from "@stockverify/client";
import { figure, quantityLabel } from "../../i18n/format.js";
import { pathTo } from "../../paths.js";
import { Icon } from "../../ui/icon.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { draftOf } from "./drafts.js";
import { ItemName } from "./item-name.js";
import type { Line } from "./rack-work.js";
import { text } from "./texts.js";

/** Whether it is safe there, waits here, or needs a person: a sign, with its word for readers of the screen. */
const states = { unsent: ["clock", "state.unsent"], stored: ["check", "state.stored"], refused: ["stop", "state.refused"], conflict: ["conflict", "state.conflict"], decided: ["check", "state.stored"] } as const;

export function Counted({ sessionId, lines }: { sessionId: string; lines: readonly Line[] }) {
    if (lines.length === 0) return <EmptyState icon="scan" title={text("count.nothing")} text={text("count.nothing_text")} />;
    return (
        <ul class="list">
            {lines.map((line) => (
                <CountedLine key={line.record?.record.client_record_id ?? line.item.item_code} sessionId={sessionId} line={line} />
            ))}
        </ul>
    );
}

/** Its line stays the same object until something of it changes, and signals are read: so a scan renders one row of a long list, not all. */
function CountedLine({ sessionId, line: { item, lot, record, total } }: { sessionId: string; line: Line }) {
    const [icon, key] = states[record?.state ?? "stored"];
    return (
        <li class="count-line">
            <a class="list-row" href={`${pathTo("/count", sessionId, "item", item.item_code)}${lot === null ? "" : `?lot=${encodeURIComponent(lot)}`}`}>
                <span class={`line-state line-${record?.state ?? "stored"}`}>
                    <Icon name={icon} />
                    <span class="visually-hidden">{text(key)}</span>
                </span>
                <span class="grow">
                    <Data>{item.item_name ?? item.item_code}</Data>
                    <div class="small soft">
                        <Code>{item.item_code}</Code>
                        {lot !== null && <> · {text("item.lot_is", { lot })}</>}
                        {(record?.record.damage_qty ?? 0) > 0 && <> · {text("count.damaged", { n: figure(record?.record.damage_qty) })}</>}
                    </div>
                    <DraftSign sessionId={sessionId} item={item} lot={lot} />
                </span>
                <span class="line-total number">
                    {total === null ? "–" : quantityLabel(total)} {item.uom !== null && <small class="soft" translate={false}>{item.uom}</small>}
                </span>
            </a>
        </li>
    );
}

export function Uncounted({ sessionId, items }: { sessionId: string; items: readonly RackItem[] }) {
    if (items.length === 0) return <EmptyState icon="check" title={text("count.all_counted")} text={text("count.all_counted_text")} />;
    return (
        <ul class="list">
            {items.map((item) => (
                <UncountedLine key={item.item_code} sessionId={sessionId} item={item} />
            ))}
        </ul>
    );
}

function UncountedLine({ sessionId, item }: { sessionId: string; item: RackItem }) {
    return (
        <li class="count-line">
            <a class="list-row" href={pathTo("/count", sessionId, "item", item.item_code)}>
                <ItemName item={item} />
                <DraftSign sessionId={sessionId} item={item} lot={null} />
                <Icon name="next" class="soft" />
            </a>
        </li>
    );
}

/** What was typed and left without saving counts for nothing yet. */
function DraftSign({ sessionId, item, lot }: { sessionId: string; item: RackItem; lot: string | null }) {
    if (draftOf({ session: sessionId, item: item.item_code, lot }) === undefined) return null;
    return <Chip tone="warn">{text("count.draft")}</Chip>;
}
