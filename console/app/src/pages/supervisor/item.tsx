import { Refused } from "@stockverify/client";
import { useState } from "preact/hooks";
import { currencyOf, price } from "../../office-format.js";
import { faultText } from "../../faults.js";
import { dateTime, figure } from "../../i18n/format.js";
import { shellText } from "../../i18n/shell.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { TextField } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Banner, Chip } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { changesOf, correctable, type Correctable, isNumber, typedOf } from "./corrections.js";
import { text as decideText } from "./decide-texts.js";
import { Unit } from "./review-lines.js";
import { text } from "./texts.js";

type Item = Awaited<ReturnType<typeof client.call<"get", "/api/erp/items/{item_code}">>> & { currency: string | null };

/** What it costs is told in the currency of the warehouse that it is told for. */
async function itemOf(code: string, signal: AbortSignal): Promise<Item> {
    const [item, warehouses] = await Promise.all([client.call("get", "/api/erp/items/{item_code}", { path: { item_code: code }, signal }), client.call("get", "/api/warehouses", { signal })]);
    return { ...item, currency: currencyOf(warehouses, item.warehouse) };
}

/** An item: what it is, where it stands, and what of the master a person corrects. */
export function ItemPage() {
    const code = useParameter("item");
    const loaded = useLoad((signal) => itemOf(code, signal), [code]);
    const [edits, setEdits] = useState(false);
    return (
        <Page title={text("detail.title", { item: code })} heading={<Code>{code}</Code>} back={pathTo("/items")}>
            <Loading of={loaded}>
                {(item) => (
                    <div class="stack">
                        <Facts item={item} />
                        {edits ? (
                            <Corrections
                                item={item}
                                onClose={() => setEdits(false)}
                                onDone={async () => {
                                    setEdits(false);
                                    await loaded.reload();
                                }}
                            />
                        ) : (
                            <Master item={item} onEdit={() => setEdits(true)} />
                        )}
                        <Racks item={item} />
                    </div>
                )}
            </Loading>
            <ZoneNote />
        </Page>
    );
}

function Facts({ item }: { item: Item }) {
    return (
        <section class="card stack">
            <h2>{item.item_name === null || item.item_name === undefined ? text("line.no_name") : <Data>{item.item_name}</Data>}</h2>
            <div class="row chips">
                {item.delisted && <Chip tone="warn">{text("line.flag.delisted")}</Chip>}
                {item.serial_tracked && <Chip icon="list">{decideText("item.serial_tracked")}</Chip>}
                {item.lot_tracked && <Chip icon="note">{decideText("item.lot_tracked")}</Chip>}
                {item.barcodes.map((barcode) => <Code key={barcode}>{barcode}</Code>)}
            </div>
            <dl class="tiles facts-tiles">
                <div>
                    <dt class="small soft">{decideText("item.stock")}</dt>
                    <dd class="fact">{figure(item.stock_qty)} <Unit uom={item.uom} /></dd>
                </div>
                <div>
                    <dt class="small soft">{text("line.counted")}</dt>
                    <dd class="fact">{figure(item.verified_qty)}</dd>
                </div>
                <div>
                    <dt class="small soft">{text("line.variance")}</dt>
                    <dd class="fact">{figure(item.variance)}</dd>
                </div>
                <div>
                    <dt class="small soft">{decideText("item.cost")}</dt>
                    <dd class="fact">{price(item.unit_cost, item.currency)}</dd>
                </div>
            </dl>
            {item.verified_at !== null && item.verified_at !== undefined && <p class="small soft">{decideText("item.verified")} <time translate={false}>{dateTime(item.verified_at)}</time></p>}
        </section>
    );
}

/** What the master says of it now, corrections included. */
function Master({ item, onEdit }: { item: Item; onEdit: () => void }) {
    const shown = correctable.filter((field) => item[field as keyof Item] !== null && item[field as keyof Item] !== undefined);
    return (
        <section class="stack-tight">
            <div class="row-apart">
                <h2>{decideText("item.master")}</h2>
                <Button icon="edit" onClick={onEdit}>{decideText("item.correct")}</Button>
            </div>
            <dl class="list master">
                {shown.map((field) => (
                    <div key={field} class="list-row">
                        <dt class="grow soft small">{decideText(`item.field.${field}`)}</dt>
                        <dd>{value(item, field)}</dd>
                    </div>
                ))}
            </dl>
        </section>
    );
}

function value(item: Item, field: Correctable) {
    const told = item[field as keyof Item];
    if (typeof told !== "number") return <Data>{String(told)}</Data>;
    return price(told, item.currency); // what is a number of these is a price
}

function Corrections({ item, onClose, onDone }: { item: Item; onClose: () => void; onDone: () => Promise<void> }) {
    const [typed, setTyped] = useState(() => typedOf(item as never));
    const [fault, setFault] = useState<string | undefined>(undefined);
    const save = async (): Promise<void> => {
        const changes = changesOf(item as never, typed);
        if (changes === undefined) return setFault(decideText("item.price"));
        if (Object.keys(changes).length === 0) return onClose();
        try {
            await client.call("post", "/api/erp/items/update-master", { body: { item_code: item.item_code, changes } });
            notify({ tone: "ok", text: decideText("item.corrected") });
            await onDone();
        } catch (reason) {
            setFault(reason instanceof Refused && reason.details[0] !== undefined ? reason.details[0].message : faultText(reason));
        }
    };
    return (
        <section class="card stack">
            <h2>{decideText("item.correct_title")}</h2>
            <p class="small soft">{decideText("item.correct_text")}</p>
            {correctable.map((field) => (
                <TextField key={field} label={decideText(`item.field.${field}`)} value={typed[field]} onInput={(now) => setTyped({ ...typed, [field]: now })} inputMode={isNumber(field) ? "decimal" : "text"} code={field === "manual_barcode"} />
            ))}
            {fault !== undefined && <Banner tone="bad">{fault}</Banner>}
            <div class="row">
                <Button kind="primary" icon="check" onClick={save}>{shellText("save")}</Button>
                <Button onClick={onClose}>{shellText("cancel")}</Button>
            </div>
        </section>
    );
}

function Racks({ item }: { item: Item }) {
    if (item.racks.length === 0) return null;
    return (
        <section class="stack-tight">
            <h2>{text("detail.racks")}</h2>
            <ul class="list">
                {item.racks.map((rack) => (
                    <li key={rack.rack_id} class="list-row">
                        <span class="grow"><strong><Code>{rack.rack_id}</Code></strong></span>
                        {!rack.expected && <Chip tone="warn">{decideText("item.unexpected")}</Chip>}
                        <span class="small soft">{text("line.book")} {figure(rack.book_qty)}</span>
                        <span class="small soft">{text("line.counted")} {figure(rack.verified_qty)}</span>
                    </li>
                ))}
            </ul>
        </section>
    );
}
