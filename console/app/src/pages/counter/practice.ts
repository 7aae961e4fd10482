import { type DeviceRecord, type FigureChanges, type NewFigure, type RackItem, readScan, toNumber } from "@stockverify/client";
import type { CountingPort, RackWork } from "./rack-work.js";

/** A rack that is nobody's: nothing that is counted on it leaves the page. */
const sessionId = "practice";
export const isPractice = (id: string): boolean => id === sessionId;
export const practiceRack: RackWork["rack"] = { rack_id: "PRACTICE", session_id: sessionId, strict: false, blind: false };

const item = (item_code: string, item_name: string, barcode: string, more: Partial<RackItem> = {}): RackItem => ({
    v: 1, rack_id: practiceRack.rack_id, item_code, item_name, barcodes: [barcode], category: null, subcategory: null, uom: "pcs", packs: [], mrp: null, serial_tracked: false, lot_tracked: false, expected: true, counted_by: [], ...more,
});

export const practiceItems: readonly RackItem[] = [
    item("DEMO-1", "Tea, 250 g", "5901234123457"),
    item("DEMO-2", "Biscuits", "4006381333931", { packs: [{ uom: "box", factor: 12, barcodes: ["14006381333938"] }] }),
    item("DEMO-3", "Drill", "9780201379624", { serial_tracked: true }),
    item("DEMO-4", "Milk", "7350053850019", { lot_tracked: true }),
];

const records = new Map<string, DeviceRecord>();

function written(id: string, figure: FigureChanges, before: DeviceRecord | undefined, status: "finalized" | "void"): DeviceRecord {
    const now = new Date().toISOString();
    const { verified_qty, damage_qty, non_returnable_damaged_qty, ...rest } = figure;
    const record: DeviceRecord = {
        v: 1,
        state: "stored",
        order: before?.order ?? records.size,
        queue_key: null,
        record: {
            verified_qty: 0,
            created_at: now,
            ...before?.record,
            ...rest,
            ...(verified_qty === undefined ? {} : { verified_qty: toNumber(verified_qty) }),
            ...(damage_qty == null ? {} : { damage_qty: toNumber(damage_qty) }),
            ...(non_returnable_damaged_qty == null ? {} : { non_returnable_damaged_qty: toNumber(non_returnable_damaged_qty) }),
            client_record_id: id,
            session_id: sessionId,
            status,
            updated_at: now,
        },
    };
    records.set(id, record);
    return record;
}

/** Answers as the client does, from memory. */
export const practicePort: CountingPort = {
    records: () => Promise.resolve([...records.values()]),
    items: () => Promise.resolve([...practiceItems]),
    pullRack: () => Promise.resolve(practiceItems.length),
    lookUp(code) {
        const scan = readScan(code, new Date().getFullYear());
        const says = [scan.text, scan.gtin, scan.item].filter((each) => each !== undefined);
        const isSaid = (barcode: string): boolean => says.some((each) => each === barcode || each.padStart(14, "0") === barcode.padStart(14, "0"));
        const pack = practiceItems.flatMap((each) => each.packs.map((size) => ({ each, size }))).find(({ size }) => size.barcodes.some(isSaid));
        const found = practiceItems.filter((each) => says.includes(each.item_code) || each.barcodes.some(isSaid));
        return Promise.resolve({ scan, items: pack === undefined ? found : [pack.each], pack: pack === undefined ? null : { uom: pack.size.uom, factor: pack.size.factor } });
    },
    count: (figure: NewFigure) => Promise.resolve(written(crypto.randomUUID(), figure, undefined, "finalized")),
    edit: (_session, id, changes) => Promise.resolve(written(id, changes, records.get(id), "finalized")),
    void: (_session, id) => Promise.resolve(written(id, {}, records.get(id), "void")),
    bookQuantity: () => null,
    reportUnknown: () => Promise.resolve(crypto.randomUUID()),
    addPhoto: () => Promise.resolve(crypto.randomUUID()),
};

export const clearPractice = (): void => records.clear();
