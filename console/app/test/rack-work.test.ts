import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { type DeviceRecord, quantity, readScan } from "@stockverify/client";
import { clearPractice, practiceItems, practicePort, practiceRack } from "../src/pages/counter/practice.js";
import { type CountingPort, type Memory, type Met, type OpenScan, RackWork, unlisted, type Step } from "../src/pages/counter/rack-work.js";

const tea = "5901234123457";
let work: RackWork;

beforeEach(async () => {
    clearPractice();
    work = new RackWork(practicePort, practiceRack);
    await work.load();
});

/** As the client's queue numbers them; practice does not. */
const withRevision = (written: DeviceRecord, revision: number): DeviceRecord => Object.assign(written, { record: { ...written.record, revision } });

const total = (code: string): number | null => work.lines.value.find((line) => line.item.item_code === code)?.total ?? null;

describe("counting a rack", () => {
    it("adds one for each scan, also of fifty at once", async () => {
        await Promise.all(Array.from({ length: 50 }, () => work.scan(tea)));
        assert.equal(total("DEMO-1"), quantity(50));
        assert.equal(work.lines.value.length, 1);
    });

    it("never shows again, nor counts on, what was read before a scan was written", async () => {
        const gate: (() => void)[] = [];
        const slow: CountingPort = {
            ...practicePort,
            items: async (rack) => {
                await new Promise<void>((open) => gate.push(open));
                return practicePort.items(rack);
            },
            pullRack: () => Promise.reject(new Error("no network")),
        };
        work = new RackWork(slow, practiceRack);
        const loaded = work.load().catch(() => undefined);
        const scans = [work.scan(tea), work.scan(tea)];
        // Whatever may be done meanwhile is done: only then does the slow reading end.
        await new Promise((resolve) => setImmediate(resolve));
        for (const open of gate) open();
        await Promise.all([loaded, ...scans]);
        assert.equal(work.lines.value.length, 1);
        assert.equal(total("DEMO-1"), quantity(2));
    });

    it("says when it is known what is expected: at once of a rack that is on the device, else when the network has answered, or has not", async () => {
        const network: { answers: () => void; fails: (fault: Error) => void }[] = [];
        let items: Awaited<ReturnType<CountingPort["items"]>> = [];
        const far: CountingPort = { ...practicePort, items: async () => items, pullRack: () => new Promise((resolve, reject) => network.push({ answers: () => resolve(undefined as never), fails: reject })) };
        const begun = async (): Promise<{ known: () => boolean; ended: Promise<unknown> }> => {
            const begins = new RackWork(far, practiceRack);
            assert.equal(begins.isKnown.value, false);
            const ended = begins.load().catch(() => undefined);
            const asked = network.length + 1;
            while (network.length < asked) await new Promise((resolve) => setImmediate(resolve));
            return { known: () => begins.isKnown.value, ended };
        };
        const [one, other] = [await begun(), await begun()];
        assert.deepEqual([one.known(), other.known()], [false, false]);
        network[0]?.answers();
        network[1]?.fails(new Error("no network"));
        await Promise.all([one.ended, other.ended]);
        assert.deepEqual([one.known(), other.known()], [true, true]);
        items = await practicePort.items(practiceRack.rack_id);
        assert.equal((await begun()).known(), true);
    });

    it("takes what a camera read with its symbology, and what GS1 says of lot and pack", async () => {
        await work.scan("]E05901234123457");
        assert.equal(total("DEMO-1"), quantity(1));
        await work.scan("]d20107350053850019" + "10LOT-7");
        assert.equal(work.lines.value.find((line) => line.lot === "LOT-7")?.item.item_code, "DEMO-4");
        await work.scan("]I114006381333938");
        assert.equal(total("DEMO-2"), quantity(12));
    });

    it("adds a pack's pieces", async () => {
        const outcome = await work.scan("14006381333938");
        assert.equal(outcome.kind, "counted");
        assert.equal(total("DEMO-2"), quantity(12));
    });

    it("adds a pack's pieces also after a question", async () => {
        const others = [{ client_record_id: "r1", session_id: "another", user_id: "u1", full_name: "Ravi", lot: null, partial: false, declared_empty: false }];
        const shared = new RackWork({ ...practicePort, lookUp: async (code) => {
            const found = await practicePort.lookUp(code);
            return { ...found, items: found.items.map((item) => ({ ...item, counted_by: others })) };
        } }, practiceRack);
        const asked = await shared.scan("14006381333938");
        assert.ok(asked.kind === "counted_by_others");
        shared.answerBeside(asked.item, "add");
        const counted = await shared.choose(asked.item, asked.scan);
        assert.ok(counted.kind === "counted" && counted.total === quantity(12));
    });

    it("tells what is still uncounted", async () => {
        assert.equal(work.uncounted.value.length, 4);
        await work.scan(tea);
        assert.deepEqual(work.uncounted.value.map((item) => item.item_code), ["DEMO-2", "DEMO-3", "DEMO-4"]);
    });

    it("takes scans back one by one, and the first with its record", async () => {
        await work.scan(tea);
        await work.scan(tea);
        const back = await work.undo();
        assert.equal(total("DEMO-1"), quantity(1));
        assert.ok(back?.kind === "taken_back" && back.total === quantity(1));
        // Uncounted again is not a count of nothing.
        const uncounted = await work.undo();
        assert.ok(uncounted?.kind === "taken_back" && uncounted.total === null);
        assert.equal(total("DEMO-1"), null);
        assert.equal(await work.undo(), null);
    });

    it("goes on with a code that was counted under itself, instead of counting it anew", async () => {
        const unknown = await work.scan("QX-1");
        assert.equal(unknown.kind, "unknown");
        await work.set(unlisted("QX-1"), null, { verified_qty: quantity(5) });
        const again = await work.scan("QX-1");
        assert.ok(again.kind === "counted" && again.total === quantity(6));
    });

    it("keeps scans that need an answer, also over a reload, and counts each of them once they have it", async () => {
        const kept: { open: readonly OpenScan[] } = { open: [] };
        const memory: Memory = { step: () => undefined, keepStep: () => undefined, met: () => [], keepMet: () => undefined, open: () => kept.open, keepOpen: (open) => (kept.open = open) };
        const before = new RackWork(practicePort, practiceRack, memory);
        await before.load();
        for (const code of ["]C1NEW-1", "OTHER-2", "]C1NEW-1", tea]) await before.scan(code);
        const after = new RackWork(practicePort, practiceRack, memory);
        await after.load();
        assert.deepEqual(after.open.value.map(({ code, times }) => [code, times]), [["NEW-1", 2], ["OTHER-2", 1]]);
        const [open] = after.open.value;
        assert.ok(open !== undefined);
        const asked = await after.askAgain(open);
        assert.ok(asked.kind === "unknown");
        assert.deepEqual(after.open.value.map(({ times }) => times), [2, 1]);
        const item = { ...unlisted("LAMP"), item_name: "Lamp" };
        after.meet({ item, code: asked.scan.text, pack: null });
        const counted = await after.choose(item, asked.scan);
        assert.ok(counted.kind === "counted" && counted.total === quantity(2));
        assert.deepEqual(after.open.value.map(({ code }) => code), ["OTHER-2"]);
        after.dropOpen("OTHER-2");
        assert.deepEqual(kept.open, []);
    });

    it("asks no more about what was entered by hand meanwhile", async () => {
        const unsure: CountingPort = { ...practicePort, lookUp: async (code) => ({ ...(await practicePort.lookUp(code)), items: [...practiceItems], pack: null }) };
        const choosing = new RackWork(unsure, practiceRack);
        await choosing.load();
        assert.equal((await choosing.scan(tea)).kind, "choose");
        const item = choosing.itemOf("DEMO-1");
        assert.ok(item !== undefined && choosing.open.value.length === 1);
        await choosing.set(item, null, { verified_qty: quantity(4) });
        assert.deepEqual(choosing.open.value, []);
    });

    it("takes the last step back after a reload, and only that", async () => {
        const kept: { step: Step | null } = { step: null };
        const shelf: Memory = { step: () => kept.step ?? undefined, keepStep: (step) => (kept.step = step), met: () => [], keepMet: () => undefined, open: () => [], keepOpen: () => undefined };
        const before = new RackWork(practicePort, practiceRack, shelf);
        await before.scan(tea);
        await before.scan(tea);
        const reloaded = new RackWork(practicePort, practiceRack, shelf);
        await reloaded.load();
        assert.equal(reloaded.canUndo.value, true);
        await reloaded.undo();
        assert.equal(reloaded.lines.value[0]?.total, quantity(1));
        assert.equal(reloaded.canUndo.value, false);
        assert.equal(kept.step, null);
    });

    it("takes no step back that another tab went on from", async () => {
        let revision = 0;
        const revised: CountingPort = {
            ...practicePort,
            count: async (figure) => withRevision(await practicePort.count(figure), ++revision),
            edit: async (session, id, changes) => withRevision(await practicePort.edit(session, id, changes), ++revision),
        };
        const [one, two] = [new RackWork(revised, practiceRack), new RackWork(revised, practiceRack)];
        await one.scan(tea);
        await two.load();
        await two.scan(tea);
        await one.refresh();
        assert.equal(await one.undo(), null);
        assert.equal(total("DEMO-1"), null);
        assert.equal(one.lines.value[0]?.total, quantity(2));
        await two.undo();
        assert.equal(two.lines.value[0]?.total, quantity(1));
    });

    it("leaves every line but the counted one as it is, so that a long list is not painted anew", async () => {
        await work.scan(tea);
        await work.scan("14006381333938");
        const [biscuits, leaves] = work.lines.value;
        await work.scan(tea);
        await work.refresh();
        assert.equal(work.lines.value.find((line) => line.item.item_code === "DEMO-2"), biscuits);
        assert.notEqual(work.lines.value.find((line) => line.item.item_code === "DEMO-1"), leaves);
    });

    it("counts by scan what the server said a code is, also after a reload", async () => {
        const kept: { met: readonly Met[] } = { met: [] };
        const memory: Memory = { step: () => undefined, keepStep: () => undefined, met: () => kept.met, keepMet: (met) => (kept.met = met), open: () => [], keepOpen: () => undefined };
        const asking = new RackWork(practicePort, practiceRack, memory);
        await asking.load();
        const unknown = await asking.scan("4719512002889");
        assert.ok(unknown.kind === "unknown");
        const item = { ...unlisted("LAMP"), item_name: "Lamp", rack_id: "*" };
        asking.meet({ item, code: unknown.scan.text, pack: { uom: "box", factor: 6 } });
        assert.equal((await asking.scan("4719512002889")).kind, "counted");
        const reloaded = new RackWork(practicePort, practiceRack, memory);
        await reloaded.load();
        await reloaded.scan("4719512002889");
        assert.equal(reloaded.lines.value[0]?.total, quantity(12));
        assert.equal(reloaded.lines.value[0]?.item.item_name, "Lamp");
        assert.equal(reloaded.uncounted.value.length, 4);
    });

    it("sets what a person enters, and goes on adding to it", async () => {
        const item = work.itemOf("DEMO-1");
        assert.ok(item !== undefined);
        await work.set(item, null, { verified_qty: quantity(7) });
        await work.scan(tea);
        assert.equal(total("DEMO-1"), quantity(8));
    });

    it("asks for serial numbers and lots, and for codes that nobody knows", async () => {
        assert.equal((await work.scan("9780201379624")).kind, "serial_needed");
        assert.equal((await work.scan("7350053850019")).kind, "lot_needed");
        assert.equal((await work.scan("0000")).kind, "unknown");
    });

    it("counts serial numbers that come on their item's page at once, each once, and takes them back", async () => {
        const drill = work.itemOf("DEMO-3");
        assert.ok(drill !== undefined);
        const come = (serial: string) => work.addSerial(drill, null, { ...readScan(serial, 2026), serial });
        assert.equal((await come("S-1")).kind, "counted");
        assert.equal((await come("s-1")).kind, "repeated");
        assert.equal((await come("S-2")).kind, "counted");
        assert.equal(total("DEMO-3"), quantity(2));
        assert.deepEqual(work.lines.value.find((line) => line.item.item_code === "DEMO-3")?.record?.record.serial_numbers, ["S-1", "S-2"]);
        await work.undo();
        assert.equal(total("DEMO-3"), quantity(1));
    });

    it("adds no piece for the serial number of one that was counted by hand", async () => {
        const drill = work.itemOf("DEMO-3");
        assert.ok(drill !== undefined);
        await work.set(drill, null, { verified_qty: quantity(2), serial_numbers: [] });
        for (const serial of ["S-1", "S-2", "S-3"]) await work.addSerial(drill, null, { ...readScan(serial, 2026), serial });
        assert.equal(total("DEMO-3"), quantity(3));
    });

    it("goes on after a fault", async () => {
        const failing = new RackWork({ ...practicePort, count: () => Promise.reject(new Error("full")) }, practiceRack);
        await failing.load();
        assert.equal((await failing.scan(tea)).kind, "failed");
        assert.equal((await failing.scan("0000")).kind, "unknown");
    });

    it("adds to what the device has, also before that was read", async () => {
        await work.scan(tea);
        const again = new RackWork(practicePort, practiceRack);
        await Promise.all([again.load(), again.scan(tea)]);
        assert.equal(again.lines.value.length, 1);
        assert.equal(again.lines.value[0]?.total, quantity(2));
    });

    it("keeps what was counted while older readings were still on their way", async () => {
        let items = (): void => undefined;
        const slow = new RackWork({ ...practicePort, items: () => new Promise((resolve) => (items = () => void practicePort.items("").then(resolve))) }, practiceRack);
        const loaded = slow.load();
        const scans = [slow.scan(tea), slow.scan(tea)];
        await new Promise((resolve) => setImmediate(resolve));
        items();
        await Promise.all(scans);
        items();
        await loaded;
        assert.equal(slow.lines.value.length, 1);
        assert.equal(slow.lines.value[0]?.total, quantity(2));
    });
});
