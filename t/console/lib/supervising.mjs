// Counts in every state that a supervisor's pages show, made once for a stack.
import { bookFrozen, claimRack, countRack, figureOf, freeRacks, lineOf, send } from "./counting.mjs";
import { until } from "./stack.mjs";

/** A count of everything, where variances are known; racks that were counted badly, and one with a conflict. */
export async function countBadly(stack, { name, racks: wanted = 2, blind = true, conflict = false }) {
    const boss = await stack.api(stack.user("supervisor"));
    const [asha, ben] = await Promise.all([stack.api(stack.user("staff", 2)), stack.api(stack.user("staff", 3))]);
    const { warehouse } = await asha("GET", "/api/auth/me");
    const racks = await freeRacks(boss, warehouse, wanted + (conflict ? 1 : 0));
    const { session_id: count } = await boss("POST", "/api/sessions", { warehouse, blind, name });
    await bookFrozen(boss, count);
    for (const [index, { rack, items }] of racks.slice(0, wanted).entries())
        await countRack(index % 2 === 0 ? asha : ben, rack, items.map((item, place) => [item.item_code, place + 1]), { count_id: count });
    if (conflict) {
        const { rack, items } = racks.at(-1);
        const first = await claimRack(asha, rack, { count_id: count });
        await send(asha, [figureOf(first.session_id, items[0].item_code, 4), figureOf(first.session_id, items[1].item_code, 1, { serial_numbers: ["CRAWLED-1"] })]);
        await asha("POST", `/api/racks/${rack}/release`, {});
        const second = await claimRack(ben, rack, { count_id: count });
        await send(ben, [figureOf(second.session_id, items[0].item_code, 9)]);
        await ben("POST", `/api/sessions/${second.session_id}/complete`, {});
    }
    for (const { items } of racks.slice(0, wanted)) await lineOf(boss, count, items[0].item_code, (line) => line.state !== "not_counted");
    return { boss, count, warehouse, racks };
}

export const reconcile = (boss, count) => boss("POST", "/api/sessions/bulk/reconcile", { session_ids: [count] });

/** Racks that bar lines are excluded, lines accepted, and the count approved: the adjustment's id. */
export async function approve(stack, { boss, count }) {
    const admin = await stack.api(stack.user("admin"));
    await reconcile(boss, count);
    await until("nothing undecided", async () => {
        const page = await boss("GET", `/api/sessions/${count}/review?state=undecided&limit=200`);
        const open = new Set();
        for (const line of page.items.filter((each) => each.state === "incomplete")) {
            const detail = await boss("GET", `/api/sessions/${count}/review/${encodeURIComponent(line.item_code)}`);
            for (const rack of detail.racks) if (rack.standing === "open") open.add(rack.rack_id);
        }
        if (open.size > 0) await boss("POST", `/api/sessions/${count}/review/exclude`, { racks: [...open], reason: "Locked" });
        const lines = page.items.filter((each) => each.state !== "incomplete").map(({ item_code, lot, version }) => ({ item_code, lot, version }));
        if (lines.length > 0) await admin("POST", `/api/sessions/${count}/review/accept`, { lines }).catch(() => undefined);
        return page.can_approve;
    });
    await admin("POST", `/api/sessions/${count}/approve`, { note: "Year end" });
    await until("an approved count", async () => (await boss("GET", `/api/sessions/${count}`)).status === "APPROVED");
    return count;
}

const made = new WeakMap();

async function make(stack) {
    const over = await countBadly(stack, { name: "Count that is over", racks: 1 });
    const adjustment = await approve(stack, over);
    const { boss, count, racks, warehouse } = await countBadly(stack, { name: "Year-end count", conflict: true });
    const item = encodeURIComponent(racks[0].items[0].item_code);
    const of = `counts/${count}`;
    const open = [of, `${of}/review`, `${of}/review?state=all&sort=item_code`, `${of}/review/${item}`, `${of}/sheets`];
    const finder = await stack.api(stack.user("staff", 2));
    await finder("POST", "/api/unknown-items", { unknown_item_id: `find-${count}`, code: "4006381333931", name: "A box of pens", remark: "Blue", rack_id: racks[0].rack });
    const beside = ["decide", `decide?count=${count}`, "unknown-items", "unknown-items?status=rejected", "variances", `variances?warehouse=${warehouse}&min_qty=1`, "items", "items?q=rice", `items/${item}`, "serials", `serials?count=${count}`, "serials/CRAWLED-1"];
    await reconcile(boss, count);
    return [...beside, "counts", "counts?status=CLOSED", "counts/new", ...open, "adjustments", `adjustments/${adjustment}`, `counts/${adjustment}`, `counts/${adjustment}/review`];
}

/** The pages from counts to the books, with something on each. */
export function supervising(stack) {
    let pages = made.get(stack);
    if (pages === undefined) made.set(stack, (pages = make(stack)));
    return pages;
}
