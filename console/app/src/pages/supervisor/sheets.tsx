import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { useLoad } from "../../load.js";
import { dateLabel } from "../../office-format.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { countTitle } from "./counts.js";
import type { Count } from "./kinds.js";
import { Barcode } from "../../print/barcode.js";
import { RackPicker } from "./rack-picker.js";
import { pagesOfSheet, type SheetItem, type SheetPage } from "./sheet-pages.js";
import { text } from "./texts.js";
import { walkPages } from "./walk.js";

type Drawing = typeof import("../../print/code128.js");

interface Sheet {
    rackId: string;
    floor: string | null;
    zone: string | null;
    items: readonly SheetItem[];
}

/** Racks on one print: each is a page, and each is asked for by itself. */
const most = 60;

/** Sheets to count on by pencil where no device can go: what is expected on each rack, and never how much of it. */
export function SheetsPage() {
    const countId = useParameter("count");
    const loaded = useLoad(async (signal) => {
        const [count, racks] = await Promise.all([
            client.call("get", "/api/sessions/{id}", { path: { id: countId }, signal }) as Promise<Count>,
            walkPages((cursor) => client.call("get", "/api/sessions/{id}/racks", { path: { id: countId }, query: { limit: 500, ...(cursor === undefined ? {} : { cursor }) }, signal }), () => false),
        ]);
        return { count, racks: racks.rows.map((rack) => ({ rack_id: rack.rack_id, floor: rack.floor ?? null, zone: rack.zone ?? null })) };
    }, [countId]);
    const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
    const [sheets, setSheets] = useState<readonly Sheet[] | null>(null);
    const [drawing, setDrawing] = useState<Drawing | null>(null);
    const make = async (): Promise<void> => {
        try {
            const made: Sheet[] = [];
            setDrawing(await import("../../print/code128.js"));
            for (const rackId of [...chosen].sort().slice(0, most)) {
                const { rows } = await walkPages((cursor) => client.call("get", "/api/racks/{rack_id}/items", { path: { rack_id: rackId }, query: { limit: 500, ...(cursor === undefined ? {} : { cursor }) } }), () => false);
                const rack = loaded.data?.racks.find((each) => each.rack_id === rackId);
                made.push({ rackId, floor: rack?.floor ?? null, zone: rack?.zone ?? null, items: rows });
            }
            setSheets(made);
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    return (
        <Page title={text("sheets.title")} back={pathTo("/counts", countId)} wide>
            <Loading of={loaded}>
                {({ count, racks }) =>
                    racks.length === 0 ? (
                        <EmptyState icon="rack" title={text("count.no_racks")} text={text("count.no_racks_text")} />
                    ) : (
                        <div class="stack">
                            <div class="stack no-print">
                                <p class="soft">{text("sheets.text")}</p>
                                <RackPicker
                                    racks={racks}
                                    chosen={chosen}
                                    onChange={(next) => {
                                        setChosen(next);
                                        setSheets(null);
                                    }}
                                />
                                {chosen.size > most && <p class="small soft">{text("sheets.most", { n: most })}</p>}
                                <div class="row">
                                    <Button kind={sheets === null ? "primary" : "default"} icon="list" disabled={chosen.size === 0} onClick={make}>{text("sheets.make")}</Button>
                                    {sheets !== null && <Button kind="primary" icon="print" onClick={() => print()}>{text("sheets.print")}</Button>}
                                </div>
                            </div>
                            {drawing !== null && sheets?.flatMap((sheet) => pagesOfSheet(sheet.items).map((page) => <PaperPage key={`${sheet.rackId} ${page.number}`} sheet={sheet} page={page} count={count} draw={drawing} />))}
                        </div>
                    )
                }
            </Loading>
            <ZoneNote />
        </Page>
    );
}

interface SheetPageProps {
    sheet: Sheet;
    page: SheetPage;
    count: Count;
    draw: Drawing;
}

/** One sheet of paper, with all that says what it is of. */
function PaperPage({ sheet, page, count, draw }: SheetPageProps) {
    return (
        <section class="sheet">
            <header class="row-apart">
                <h2>
                    <Code>{sheet.rackId}</Code>
                </h2>
                <span>
                    <Data>{[sheet.floor, sheet.zone].filter((part) => part !== null && part !== "").join(" · ")}</Data>
                </span>
                <span class="small">
                    <Data>{countTitle(count)}</Data> · <time translate={false}>{dateLabel(Date.now())}</time>
                </span>
                <strong class="sheet-page">{text("sheets.page", { page: page.number, pages: page.of })}</strong>
            </header>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{text("sheets.barcode")}</th>
                        <th scope="col">{text("sheets.name")}</th>
                        <th scope="col">{text("sheets.lot")}</th>
                        <th scope="col">{text("sheets.unit")}</th>
                        <th scope="col">{text("sheets.quantity")}</th>
                        <th scope="col">{text("sheets.damaged")}</th>
                        <th scope="col">{text("detail.remark")}</th>
                    </tr>
                </thead>
                <tbody>
                    {page.lines.map((item, index) => (
                        <tr key={item?.item_code ?? `empty ${index}`}>
                            <td>{item !== null && <Symbol item={item} draw={draw} />}</td>
                            <td>{item !== null && <NameOf item={item} />}</td>
                            <td class={item === null || item.lot_tracked ? undefined : "sheet-none"}>{item !== null && !item.lot_tracked && "–"}</td>
                            <td>
                                <Data>{item?.uom ?? ""}</Data>
                            </td>
                            <td />
                            <td />
                            <td />
                        </tr>
                    ))}
                </tbody>
            </table>
            <p class="sheet-sign">
                <span>{text("sheets.counted_by")}</span>
                <span>{text("sheets.date")}</span>
            </p>
        </section>
    );
}

function NameOf({ item }: { item: SheetItem }) {
    return (
        <>
            {item.item_name != null && (
                <span class="sheet-name">
                    <Data>{item.item_name}</Data>
                </span>
            )}
            <span class="sheet-code">
                <Code>{item.item_code}</Code>
            </span>
        </>
    );
}

/** What a scanner reads later when the sheet is typed in: the article's code, else the item's own; in letters, too. */
function Symbol({ item, draw }: { item: SheetItem; draw: Drawing }) {
    const value = item.barcode ?? item.item_code;
    return (
        <>
            {draw.fitsCode128(value) && <Barcode value={value} draw={draw.code128Bars} />}
            <span class="sheet-code">
                <Code>{value}</Code>
            </span>
        </>
    );
}
