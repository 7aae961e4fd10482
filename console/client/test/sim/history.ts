import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Record } from "../../src/api.js";
import type { Client } from "../../src/client.js";
import { createClient } from "../../src/create_client.js";
import { quantity } from "../../src/quantity.js";
import type { DeviceRecord } from "../../src/record.js";
import { StorageFull } from "../../src/store/store.js";
import { seeded } from "../random.js";
import { Device, type Tab } from "./device.js";
import { fair, foul, Network } from "./network.js";
import { Server } from "./server.js";
import type { StorageKind } from "./storage.js";
import { World } from "./world.js";

interface Seat {
    device: Device;
    tab: Tab;
    client: Client;
    /** Whoever works here, as far as the people know. */
    user: string | undefined;
}

/** A figure that somebody heard the ok sound for. */
interface Heard {
    owner: string;
    device: Device;
    record: Record;
}

const users: { [device: string]: readonly string[] } = { shared: ["asha", "ben"], own: ["carl"] };
const racks = ["R1", "R2", "R3"];

/** People count on two phones, one of them shared, while everything goes wrong that can; then everything is put right. */
export class History {
    readonly world: World;
    readonly server: Server;
    readonly network: Network;
    readonly devices: Device[];
    readonly seats: Seat[] = [];
    readonly heard = new Map<string, Heard>();
    readonly started = new Map<string, string>();
    readonly faults: unknown[] = [];
    #items = 0;
    /** Somebody else takes every rack the moment its lease lapses. */
    readonly #greedy: boolean;

    constructor(
        readonly seed: number,
        kind: StorageKind = "memory",
    ) {
        this.world = new World(seeded(seed));
        this.server = new Server(this.world, { batchSize: this.world.between(1, 7), accessSeconds: this.world.pick([90, 300, 900]), lockSeconds: 60, pauseSeconds: 1_800, busy: 0 });
        this.network = new Network(this.world, this.server);
        this.#greedy = this.world.chance(0.3);
        this.devices = Object.keys(users).map((name) => new Device(this.world, this.network, name, kind));
    }

    async play(steps: number): Promise<void> {
        for (const device of this.devices) this.#sit(device);
        for (let step = 0; step < steps; step++) {
            this.#act();
            await this.world.run(this.world.pick([0, 5, 200, 3_000, 20_000, 70_000]), () => this.#checkLeases());
        }
        try {
            await this.#putRight();
            this.#check();
        } finally {
            for (const { storage } of this.devices) storage.close();
        }
    }

    // ---- What people do, and what happens to them

    #sit(device: Device): Seat {
        const tab = device.open();
        const client = createClient({ platform: tab.platform, store: tab.store, baseUrl: "http://server", onFault: this.#fault });
        const seat: Seat = { device, tab, client, user: undefined };
        this.seats.push(seat);
        void client.start().then((state) => {
            seat.user = state.state === "logged_in" ? state.user.user_id : undefined;
        }, this.#expected);
        return seat;
    }

    readonly #fault = (fault: unknown): void => {
        // A device without room says so wherever it is to write; nothing else may go wrong.
        if (!(fault instanceof StorageFull)) this.faults.push(fault);
    };

    /** What an app would show: no network, no login, a rack that is held by another. */
    readonly #expected = (fault: unknown): void => {
        const name = fault instanceof Error ? fault.name : "";
        if (!["NoAnswer", "Refused", "LoginNeeded", "NotPossible", "StorageFull"].includes(name)) this.faults.push(fault);
    };

    #act(): void {
        const { world } = this;
        this.#bury();
        const seat = this.seats.length === 0 ? this.#sit(world.pick(this.devices)) : world.pick(this.seats);
        const choice = world.random();
        if (choice < 0.4) return this.#count(seat);
        if (choice < 0.5) return this.#edit(seat);
        if (choice < 0.58) return void seat.client.claim(world.pick(racks)).catch(this.#expected);
        if (choice < 0.64) return this.#move(seat);
        if (choice < 0.72) return this.#logIn(seat);
        if (choice < 0.74) return void seat.client.logout().catch(this.#expected);
        if (choice < 0.77) return this.#kill(seat);
        if (choice < 0.79) return void (this.seats.length < 4 && this.#sit(seat.device));
        if (choice < 0.82) return seat.device.asleepSince === undefined ? seat.device.sleep() : seat.device.wake(this.world.chance(0.5));
        if (choice < 0.85) return void (seat.device.wallOffset += world.pick([-86_400_000, -3_600_000, -5_000, 5_000, 3_600_000, 86_400_000]));
        if (choice < 0.87) return seat.tab.show(world.pick(["hidden", "frozen", "visible"]));
        if (choice < 0.92) return this.#weather();
        if (choice < 0.93) return seat.device.upgrade();
        if (choice < 0.94) return void (seat.device.storage.full = !seat.device.storage.full && world.chance(0.7));
        if (choice < 0.95) return this.server.takeOver("dora", world.pick(racks));
        void seat.client.sync().catch(this.#expected);
    }

    #weather(): void {
        const { network, server, world } = this;
        network.down = world.chance(0.3);
        network.weather = world.chance(0.5) ? foul : fair;
        server.settings.busy = world.chance(0.3) ? 0.4 : 0;
        if (!network.down) for (const { tab } of this.seats) if (world.chance(0.5)) tab.online();
    }

    /** At once, or in the middle of what it writes next. */
    #kill(seat: Seat): void {
        if (this.world.chance(0.5)) seat.tab.diesAfter = this.world.between(0, 12);
        else seat.tab.kill();
    }

    #bury(): void {
        for (const seat of this.seats.filter(({ tab }) => tab.dead)) {
            this.seats.splice(this.seats.indexOf(seat), 1);
            if (this.world.chance(0.8)) this.#sit(seat.device);
        }
    }

    #logIn(seat: Seat): void {
        const user = this.world.pick(users[seat.device.name] ?? []);
        const done = (known: { user_id: string }): void => void (seat.user = known.user_id);
        if (this.world.chance(0.2)) void seat.client.continueOffline().then(done, this.#expected);
        else void seat.client.login(user, "x").then(done, this.#expected);
    }

    #move(seat: Seat): void {
        const rack = seat.client.racks.value.at(-1);
        if (rack === undefined) return;
        const { client } = seat;
        const { session_id } = rack;
        const moves = [() => client.pause(session_id), () => client.resume(session_id), () => client.complete(session_id), () => client.cancelComplete(session_id), () => client.release(session_id)];
        void this.world.pick<() => Promise<unknown>>(moves)().catch(this.#expected);
    }

    #count(seat: Seat): void {
        const rack = seat.client.racks.value.at(-1);
        const { client, device } = seat;
        const owner = userOf(client);
        if (rack === undefined || owner === undefined) return;
        this.#items += 1;
        const item_code = `I${this.#items}`;
        if (this.world.chance(0.05)) this.server.verdicts.set(item_code, this.world.pick(["refused", "later"]));
        this.started.set(item_code, owner);
        const figure = { session_id: rack.session_id, item_code, verified_qty: quantity(this.world.between(0, 99)) };
        void client.count(figure, this.world.chance(0.3) ? [{ barcode: item_code }] : []).then((row) => this.#hear(owner, device, row), this.#expected);
    }

    #edit(seat: Seat): void {
        const { client, device } = seat;
        const owner = userOf(client);
        const mine = [...this.heard.values()].filter((heard) => heard.device === device && heard.owner === owner);
        if (owner === undefined || mine.length === 0) return;
        const { record } = this.world.pick(mine);
        const edit = this.world.chance(0.15)
            ? client.void(record.session_id, record.client_record_id)
            : client.edit(record.session_id, record.client_record_id, { verified_qty: quantity(this.world.between(100, 199)) });
        void edit.then((row) => this.#hear(owner, device, row), this.#expected);
    }

    #hear(owner: string, device: Device, { record }: DeviceRecord): void {
        const before = this.heard.get(record.client_record_id);
        if (before === undefined || (before.record.revision ?? 0) < (record.revision ?? 0)) this.heard.set(record.client_record_id, { owner, device, record });
    }

    // ---- What must hold at every moment

    #checkLeases(): void {
        if (this.#greedy) for (const rack of racks) this.server.takeOver("dora", rack);
        for (const { client, device, tab } of this.seats) {
            if (tab.dead || device.asleepSince !== undefined) continue;
            for (const { lease, rack_id, session_id } of client.racks.value) {
                if (lease === "held" && client.secondsLeft(session_id) > 0) this.#checkHolder(rack_id, session_id);
                if (lease === "lost") assert.notEqual(this.server.holder(rack_id), session_id, "a rack is lost only to somebody else");
            }
        }
    }

    /** A tab hears within 3 ms what another did. */
    #checkHolder(rack: string, session: string): void {
        const [holder, since] = [this.server.holder(rack), this.server.claimedAt(rack)];
        if (holder === undefined || this.world.now - since < 10) return;
        assert.equal(holder, session, "who is told that he has a rack has it");
    }

    // ---- The end

    /** Good weather, everybody back at work: what is still on a device can go. */
    async #putRight(): Promise<void> {
        const { network, server, world } = this;
        network.down = false;
        network.weather = fair;
        server.settings.busy = 0;
        server.verdicts.forEach((rule, item) => rule === "later" && server.verdicts.delete(item));
        for (const device of this.devices) {
            device.wake(true);
            device.storage.full = false;
            for (const user of users[device.name] ?? []) await this.#sendAll(device, user);
        }
        await world.settle();
    }

    async #sendAll(device: Device, user: string): Promise<void> {
        const { world } = this;
        for (const seat of this.seats.filter((each) => each.device === device)) {
            seat.tab.kill();
            this.seats.splice(this.seats.indexOf(seat), 1);
        }
        const seat = this.#sit(device);
        await world.until(() => seat.client.auth.value.state !== "starting");
        if (userOf(seat.client) !== user) await world.of(seat.client.login(user, "x"));
        for (const { session_id, lease } of seat.client.racks.value) if (lease === "finishing") await world.of(seat.client.cancelComplete(session_id));
        await world.until(() => seat.client.queue.value.unsent + seat.client.queue.value.lines === 0 && !seat.client.queue.value.sending, 7_200_000);
        await world.run(1_000);
        await this.#checkDevice(seat, user);
    }

    /** What the device shows is what the server has. */
    async #checkDevice({ client, device }: Seat, user: string): Promise<void> {
        const { world, server } = this;
        const sessions = new Set([...this.heard.values()].filter((heard) => heard.device === device && heard.owner === user).map(({ record }) => record.session_id));
        const { offset, within } = client.clock.value;
        assert.ok(offset !== null && Math.abs(offset - device.wallOffset) <= within, `the calendar is ${device.wallOffset} ms ahead, told as ${offset} within ${within}`);
        let refused = 0;
        for (const session of sessions) {
            for (const { record, state } of await world.of(client.records(session))) {
                const id = record.client_record_id;
                if (state === "stored") assert.deepEqual(server.stored.get(id)?.record, record, "what is shown as stored is stored as it is shown");
                if (state === "conflict") assert.ok(server.conflicts.has(`${id}/${record.revision}`), "a conflict is one of the server's");
                if (state === "refused") refused += 1;
                assert.ok(state !== "unsent", "nothing is left");
            }
        }
        const left = await world.of(client.exportUnsent());
        assert.equal(left.records.length, client.queue.value.refused, "an export has what was refused");
        assert.ok(refused <= left.records.length);
        for (const record of left.records) assert.equal(server.stored.get(record.client_record_id)?.record.revision === record.revision, false, "what is unsent is not stored");
        this.#refusedHere.push(...left.records);
    }

    readonly #refusedHere: Record[] = [];

    #check(): void {
        const { server } = this;
        assert.deepEqual(this.faults, [], "nothing went wrong that nobody expects");
        assert.equal(server.reuses, 0, "no refresh token was spent twice");
        for (const [id, { owner, record }] of this.heard) {
            assert.ok(this.#arrived(id, record), `${id} was heard and is nowhere`);
            assert.deepEqual([...(server.senders.get(id) ?? [owner])], [owner], "nobody sends another's records");
        }
        const items = [...server.stored.values()].map(({ record }) => record.item_code ?? "");
        assert.equal(new Set(items).size, items.length, "each figure is stored once");
        for (const { record, user } of server.stored.values()) assert.equal(this.started.get(record.item_code ?? ""), user, "what is stored was counted");
        for (const { records, stored } of server.completions) assert.ok(stored >= records, "no rack is completed over what a phone still has");
    }

    #arrived(id: string, heard: Record): boolean {
        const revision = heard.revision ?? 0;
        const places = [this.server.stored.get(id)?.record, ...this.#refusedHere.filter((record) => record.client_record_id === id)];
        for (const conflict of this.server.conflicts.values()) if (conflict.record.client_record_id === id) places.push(conflict.record);
        return places.some((record) => (record?.revision ?? -1) > revision || isDeepStrictEqual(record, heard));
    }
}

function userOf(client: Client): string | undefined {
    const state = client.auth.value;
    return "user" in state && state.state !== "locked" ? state.user.user_id : undefined;
}
