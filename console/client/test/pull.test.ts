import assert from "node:assert/strict";
import { test } from "node:test";
import { Stage, success } from "./sim/stage.js";

const marker = 7310417.000113;

function item(item_code: string, more: object = {}): object {
    return {
        item_code, item_name: `Item ${item_code}`, barcodes: [`${item_code}-B`], serial_tracked: false, expected: true, deleted: false, book_qty: marker, stock_qty: marker, variance: marker,
        counted_by: [{ client_record_id: "x", session_id: "s", user_id: "ben", full_name: "Ben", lot: null, partial: false, declared_empty: false, verified_qty: marker, changed_at: "" }],
        ...more,
    };
}

interface Page {
    items: object[];
    count_id?: string;
    round?: number;
}

function serving(stage: Stage, pages: () => Page): string[] {
    const asked: string[] = [];
    const answer = stage.server.answer.bind(stage.server);
    stage.server.answer = (url, init) => {
        const { pathname, searchParams } = new URL(url);
        if (pathname !== "/api/racks/R1/items") return answer(url, init);
        asked.push(searchParams.toString());
        const { items, count_id = "c1", round = 1 } = pages();
        const at = Number(searchParams.get("cursor") ?? 0);
        return success({ items: items.slice(at, at + 2), next_cursor: at + 2 < items.length ? String(at + 2) : null, next_since: "2026-01-01T00:00:00Z", count_id, round });
    };
    return asked;
}

test("a rack's items are taken page by page, then only what changed; another round is taken anew", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    let page: Page = { items: ["A", "B", "C"].map((code) => item(code)) };
    const asked = serving(stage, () => page);
    const progress: number[] = [];
    assert.equal(await stage.world.of(client.pullRack("R1", ({ done }) => progress.push(done))), 3);
    assert.deepEqual(progress, [2, 3]);
    page = { items: [item("B", { deleted: true }), item("D")] };
    assert.equal(await stage.world.of(client.pullRack("R1")), 3);
    assert.match(asked.at(-1) ?? "", /since=2026/);
    page = { items: [item("D"), item("E")], round: 2 };
    assert.equal(await stage.world.of(client.pullRack("R1")), 2);
    assert.deepEqual((await stage.world.of(client.items("R1"))).map(({ item_code }) => item_code), ["D", "E"]);
    assert.equal((await stage.world.of(client.lookUp("A-B"))).items.length, 0);
});

test("without network a code says what it is: as scanned first, then as article, pack or element string", async () => {
    const stage = new Stage();
    const client = await stage.loggedIn();
    const pack = { uom: "box", factor: 12, barcodes: ["10036000291459"] };
    serving(stage, () => ({ items: [item("PEN", { barcodes: ["036000291452"], packs: [pack] }), item("0109501101530003", { barcodes: [] }), item("X", { barcodes: ["09501101530003"] })] }));
    await stage.world.of(client.pullRack("R1"));
    stage.network.down = true;
    const found = async (code: string): Promise<string[]> => (await stage.world.of(client.lookUp(code, "R1"))).items.map(({ item_code }) => item_code);
    assert.deepEqual(await found("0036000291452\r"), ["PEN"], "a UPC-A is an EAN-13 with a leading zero");
    assert.deepEqual(await found("0109501101530003"), ["0109501101530003"]);
    assert.deepEqual(await found("]C1010950110153000310LOT"), ["X"]);
    assert.deepEqual(await found("nothing"), []);
    assert.deepEqual(await found("pen"), ["PEN"], "capitals locked on the scanner's keyboard turn letters round");
    assert.equal((await stage.world.of(client.lookUp("pen"))).items.length, 0, "of other racks' lists only what is exactly so");
    assert.deepEqual((await stage.world.of(client.lookUp("10036000291459"))).pack, { uom: "box", factor: 12 });
});

test("no book quantity, stock or variance, and no figure of others, is ever on the device", async () => {
    const stage = new Stage();
    const tab = stage.phone.open();
    const client = await stage.loggedIn("asha", tab);
    serving(stage, () => ({ items: [item("A"), item("B")] }));
    stage.instead("/api/erp/items/A", () => success({ item_code: "A", stock_qty: marker }));
    await stage.world.of(client.pullRack("R1"));
    await stage.world.of(client.call("get", "/api/erp/items/{item_code}", { path: { item_code: "A" } }));
    assert.equal(client.bookQuantity("R1", "A"), marker, "a strict count has it in memory");
    const written: unknown[] = [];
    for (const name of ["device", "user-asha"]) {
        const database = await stage.phone.store.open(name);
        for (const store of ["state", "sessions", "records", "queue", "conflicts", "lines", "unknown_items", "photos", "racks", "items", "codes"] as const) written.push(...(await database.scan(store)));
    }
    assert.ok(JSON.stringify(written).includes("Item A"));
    assert.ok(!JSON.stringify(written).includes("7310417"));
    tab.kill();
    const again = stage.client();
    await stage.world.of(again.start());
    assert.equal(again.bookQuantity("R1", "A"), null, "and the next page has not");
});

test("lists of racks that nobody took or has for a week are forgotten, others stay", async () => {
    const stage = new Stage();
    const day = 24 * 3_600_000;
    const client = await stage.loggedIn();
    const serve = (rack: string): void => stage.instead(`/api/racks/${rack}/items`, () => success({ items: [item(`${rack}-A`), item(`${rack}-B`)], next_cursor: null, next_since: "2026-01-01T00:00:00Z", count_id: "c1", round: 1 }));
    for (const rack of ["R1", "R2", "R3"]) serve(rack);
    for (const rack of ["R1", "R2", "R3"]) await stage.world.of(client.pullRack(rack));
    await stage.world.of(client.claim("R1"));
    await stage.world.run(6 * day);
    await stage.world.of(client.pullRack("R2"));
    await stage.world.run(2 * day);
    await stage.world.of(client.close());
    const again = stage.client();
    await stage.world.of(again.start());
    await stage.world.run(1_000);
    const here = async (): Promise<number[]> => Promise.all(["R1", "R2", "R3"].map(async (rack) => (await stage.world.of(again.items(rack))).length));
    assert.deepEqual(await here(), [2, 2, 0]);
    assert.equal((await stage.world.of(again.lookUp("R3-A-B"))).items.length, 0, "nor do its codes stay");
    assert.equal((await stage.world.of(again.lookUp("R2-A-B"))).items.length, 1);
    assert.equal(await stage.world.of(again.pullRack("R3")), 2);
});

test("a list that is taken again while it is about to be forgotten is whole", async () => {
    const stage = new Stage();
    const day = 24 * 3_600_000;
    const client = await stage.loggedIn();
    const asked = serving(stage, () => ({ items: [item("A"), item("B")] }));
    await stage.world.of(client.pullRack("R1"));
    const database = await stage.phone.store.open("user-asha");
    const before = await database.get("state", "pull/R1");
    await stage.world.run(8 * day);
    await stage.world.of(client.pullRack("R1"));
    const forget = { kind: "delete", store: "state", key: "pull/R1", expect: before?.stamp ?? null } as const;
    assert.equal(await database.write([forget]), false, "whoever looked before that forgets nothing");
    assert.match(asked.at(-1) ?? "", /since=2026/);
});
