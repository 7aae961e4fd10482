import assert from "node:assert/strict";
import { test } from "node:test";
import type { Conflict } from "../src/api.js";
import type { Client } from "../src/client.js";
import { NoAnswer } from "../src/errors.js";
import { quantity } from "../src/quantity.js";
import { Stage, success } from "./sim/stage.js";

type Server = NonNullable<Conflict["server"]>;

const theirs = {
    client_record_id: "other-1", session_id: "session-ben-9", rack_id: "R1", user_id: "ben", item_code: "I1", verified_qty: 31, damage_qty: 2, uom: "pcs",
    status: "finalized", partial: true, created_at: "2026-11-28T10:00:00Z", updated_at: "2026-11-28T10:00:00Z",
} satisfies Server;

function conflict(id: string, session_id: string, more: Partial<Conflict> = {}): Conflict {
    return {
        conflict_id: id, client_record_id: `mine-${id}`, type: "duplicate_count", status: "open", message: "there is one", mine: {}, server: theirs, holder: null, session_id,
        rack_id: "R1", item_code: "I1", item_name: null, uom: "pcs", user_id: "asha", full_name: "asha", server_full_name: null, actions: ["keep_server", "merge"], created_at: "2026-11-28T10:00:00Z",
        resolution: null, resolved_by: null, ...more,
    };
}

interface Conflicted {
    client: Client;
    session: string;
    lists: { [status: string]: Conflict[] };
    /** The statuses that were asked for. */
    asked: string[];
}

/** A device with conflicts, each of an item of its own; the server lists `open` and `resolved`. */
async function conflicted(stage: Stage, ids: readonly string[], blind = false): Promise<Conflicted> {
    const lists: Conflicted["lists"] = { open: [], resolved: [] };
    const asked: string[] = [];
    stage.instead("/api/sync/conflicts", (_, url) => {
        const status = url.searchParams.get("status") ?? "";
        asked.push(status);
        return success({ items: lists[status], next_cursor: null });
    });
    const left = [...ids];
    stage.instead("/api/sync/batch", (init) => {
        const { records } = JSON.parse(init.body as string) as { records: { client_record_id: string }[] };
        const conflicts = records.map(({ client_record_id }) => ({ client_record_id, conflict_id: left.shift(), type: "duplicate_count", message: "there is one", server_record: theirs }));
        return success({ ok: [], conflicts, errors: [], batch_id: "b", processing_time_ms: 1, total_records: records.length });
    });
    const claimed = { rack_id: "R1", session_id: "blind-1", count_id: "c1", blind: true, strict: false, floor: "F1", lock_ttl: 60, fence: 1, round: 1, resumed: false };
    if (blind) stage.instead("/api/racks/R1/claim", () => success(claimed));
    const client = await stage.loggedIn();
    const { session_id } = await stage.world.of(client.claim("R1"));
    for (const id of ids) await stage.world.of(client.count({ session_id, item_code: `I-${id}`, verified_qty: quantity(5) }));
    await stage.world.until(() => client.queue.value.conflicts === ids.length);
    lists["open"] = ids.map((id) => conflict(id, session_id));
    return { client, session: session_id, lists, asked };
}

test("what a counter may do about a conflict is what the server says, with the other's figure beside it", async () => {
    const stage = new Stage();
    const { client } = await conflicted(stage, ["c1"]);
    const choice = (await stage.world.of(client.conflictChoices())).get("c1");
    assert.deepEqual(choice?.actions, ["keep_server", "merge"]);
    assert.deepEqual(choice?.other, {
        client_record_id: "other-1", user_id: "ben", full_name: null, is_mine: false, rack_id: "R1", item_code: "I1", verified_qty: 31, damage_qty: 2,
        non_returnable_damaged_qty: null, uom: "pcs", lot: null, partial: true, updated_at: "2026-11-28T10:00:00Z",
    });
});

test("in a blind count another's quantities are told to nobody, whatever the server says; one's own are", async () => {
    const stage = new Stage();
    const { client, session, lists } = await conflicted(stage, ["c1", "c2"], true);
    lists["open"] = [conflict("c1", session), conflict("c2", session, { server: { ...theirs, user_id: "asha" } })];
    const choices = await stage.world.of(client.conflictChoices());
    const { verified_qty, damage_qty, user_id } = choices.get("c1")?.other ?? {};
    assert.deepEqual([verified_qty, damage_qty, user_id], [null, null, "ben"]);
    assert.deepEqual([choices.get("c2")?.other?.verified_qty, choices.get("c2")?.other?.is_mine], [31, true]);
});

test("a serial number that another counted blind has no place", async () => {
    const stage = new Stage();
    const { client, session, lists } = await conflicted(stage, ["c1"], true);
    lists["open"] = [conflict("c1", session, { type: "duplicate_serial", server: { n: 1, hidden: true }, actions: ["keep_server", "keep_mine"] })];
    const other = (await stage.world.of(client.conflictChoices())).get("c1")?.other;
    assert.deepEqual([other?.rack_id, other?.user_id, other?.verified_qty], [null, null, null]);
});

test("nothing of another's figure is kept on the device", async () => {
    const stage = new Stage();
    const { client } = await conflicted(stage, ["c1"]);
    await stage.world.of(client.conflictChoices());
    const database = await stage.phone.store.open("user-asha");
    const kept = JSON.stringify([await database.scan("conflicts"), await database.scan("records"), await database.scan("state")]);
    assert.equal(/other-1|"verified_qty":31/.test(kept), false, kept);
});

test("one that was decided elsewhere is no choice any more and leaves the device; only then are decided ones asked for", async () => {
    const stage = new Stage();
    const { client, session, lists, asked } = await conflicted(stage, ["c1", "c2"]);
    await stage.world.of(client.conflictChoices());
    assert.deepEqual(asked, ["open"]);
    lists["open"] = [conflict("c1", session)];
    lists["resolved"] = [conflict("c2", session, { status: "resolved", resolution: "keep_mine", actions: [] })];
    assert.deepEqual([...(await stage.world.of(client.conflictChoices())).keys()], ["c1"]);
    assert.deepEqual((await stage.world.of(client.conflicts())).map(({ conflict_id }) => conflict_id), ["c1"]);
    const states = (await stage.world.of(client.records(session))).map(({ state }) => state);
    assert.deepEqual(states, ["conflict", "stored"]);
});

test("without network nobody knows what may be done, and the conflicts are still shown", async () => {
    const stage = new Stage();
    const { client } = await conflicted(stage, ["c1"]);
    stage.network.down = true;
    await assert.rejects(stage.world.of(client.conflictChoices()), NoAnswer);
    assert.equal((await stage.world.of(client.conflicts())).length, 1);
});

test("another's name is told where the rack's items say who counted", async () => {
    const stage = new Stage();
    const { client } = await conflicted(stage, ["c1"]);
    const figure = { client_record_id: "other-1", session_id: "session-ben-9", user_id: "ben", full_name: "Ben K", lot: null, partial: true, declared_empty: false };
    const item = { item_code: "I1", item_name: "Item", barcodes: [], serial_tracked: false, expected: true, counted_by: [figure] };
    stage.instead("/api/racks/R1/items", () => success({ count_id: "c1", round: 1, items: [item], next_cursor: null, next_since: "t" }));
    await stage.world.of(client.pullRack("R1"));
    assert.equal((await stage.world.of(client.conflictChoices())).get("c1")?.other?.full_name, "Ben K");
});
