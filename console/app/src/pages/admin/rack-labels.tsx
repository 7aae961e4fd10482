import type { Schema } from "@stockverify/client";
import encodeQR from "qr";
import { useMemo, useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Banner, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { Barcode } from "../../print/barcode.js";
import { queryOf, useFilters } from "./filters.js";
import { text } from "./texts.js";

type Rack = Schema<"AdminRack">;

const sizes = ["small", "large"] as const;
const symbols = ["qr", "barcode"] as const;
type Symbol = (typeof symbols)[number];
type Drawing = typeof import("../../print/code128.js");

/** More than this is printed floor by floor. */
const most = 500;

async function racksOf(query: { [name: string]: string }, signal: AbortSignal): Promise<{ racks: Rack[]; isWhole: boolean }> {
    const racks: Rack[] = [];
    for (let cursor: string | null | undefined; racks.length < most; ) {
        const page = await client.call("get", "/api/admin/racks", { query: { ...query, sort: "rack_id", limit: 250, ...(cursor === undefined ? {} : { cursor }) } as never, signal });
        racks.push(...page.items);
        cursor = page.next_cursor;
        if (cursor === null) return { racks, isWhole: true };
    }
    return { racks: racks.slice(0, most), isWhole: false };
}

/** Labels to print: what a counter scans to claim the rack, and its name to read. */
export function RackLabelsPage() {
    const [filters] = useFilters("q", "warehouse", "floor", "status");
    const query = queryOf(filters);
    const loaded = useLoad((signal) => racksOf(query, signal), [JSON.stringify(query)]);
    const [size, setSize] = useState<(typeof sizes)[number]>("small");
    const [symbol, setSymbol] = useState<Symbol>("qr");
    // What draws barcodes is large, and only for scanners that read no QR codes.
    const drawing = useLoad(() => (symbol === "barcode" ? import("../../print/code128.js") : Promise.resolve(null)), [symbol]);
    return (
        <Page title={text("labels.title")} back={pathTo("/admin/racks")} wide>
            <Loading of={loaded}>
                {({ racks, isWhole }) =>
                    racks.length === 0 ? (
                        <EmptyState icon="print" title={text("racks.none_found")} text={text("none_narrowed")} action={<Button kind="primary" href={pathTo("/admin/racks")}>{text("racks.title")}</Button>} />
                    ) : (
                        <div class="stack">
                            <div class="stack no-print">
                                <p class="soft">{text("labels.text")}</p>
                                {!isWhole && <Banner tone="info">{text("labels.most", { n: most })}</Banner>}
                                <div class="row">
                                    <Segments label={text("labels.size")} value={size} options={sizes.map((value) => ({ value, label: text(`labels.${value}`) }))} onChange={setSize} />
                                    <Segments label={text("labels.symbol")} value={symbol} options={symbols.map((value) => ({ value, label: text(`labels.${value}`) }))} onChange={setSymbol} />
                                    <Button kind="primary" icon="print" onClick={() => print()}>{text("labels.print", { n: racks.length })}</Button>
                                </div>
                                {drawing.fault !== undefined && <Banner tone="warn">{faultText(drawing.fault)}</Banner>}
                            </div>
                            <ul class="rack-labels" data-size={size}>
                                {racks.map((rack) => <RackLabel key={rack.rack_id} rack={rack} drawing={drawing.data ?? null} />)}
                            </ul>
                        </div>
                    )
                }
            </Loading>
        </Page>
    );
}

function RackLabel({ rack, drawing }: { rack: Rack; drawing: Drawing | null }) {
    const isBarcode = drawing?.fitsCode128(rack.rack_id) === true;
    return (
        <li class={isBarcode ? "rack-label rack-label-barcode" : "rack-label"}>
            {isBarcode ? <Barcode value={rack.rack_id} draw={drawing.code128Bars} /> : <QrCode value={rack.rack_id} />}
            <div class="stack-tight">
                <strong class="rack-label-name"><Code>{rack.rack_id}</Code></strong>
                <span>{[rack.warehouse, [rack.floor, rack.zone].filter((part) => part !== null).join(" · ")].map((line) => <div key={line}><Data>{line}</Data></div>)}</span>
            </div>
        </li>
    );
}

/** Dark modules of a row beside each other are one rectangle: black on white in every theme, as scanners need it. */
function QrCode({ value }: { value: string }) {
    const { side, path } = useMemo(() => {
        const rows = encodeQR(value, "raw", { ecc: "medium", border: 4 });
        const runs = rows.flatMap((row, y) => [...row.map((dark) => (dark ? "1" : "0")).join("").matchAll(/1+/g)].map((run) => `M${run.index} ${y}h${run[0].length}v1h-${run[0].length}z`));
        return { side: rows.length, path: runs.join("") };
    }, [value]);
    return (
        <svg class="qr" viewBox={`0 0 ${side} ${side}`} role="img" aria-label={value} shape-rendering="crispEdges">
            <rect width={side} height={side} fill="#fff" />
            <path d={path} fill="#000" />
        </svg>
    );
}
