import type { Conflict, Record, Schema } from "./api.js";
import type { Auth } from "./auth.js";
import type { RackItem } from "./client.js";
import { joined } from "./keys.js";
import type { SessionRow } from "./lease.js";
import type { Platform } from "./platform.js";
import { type ConflictAction, type ConflictChoice, type DeviceConflict, type DeviceRecord, type OtherFigure, recordKey } from "./record.js";
import type { Change, Database } from "./store/store.js";

const page = 500;

export interface ConflictParts {
    platform: Platform;
    auth: Auth;
    database: Database;
    userId: string;
    onChange(): void;
}

/**
 * Conflicts of this device's records. What is kept is what a verdict told; what the server has, and what may be done
 * about it, is asked whenever somebody looks, since both change meanwhile and others' figures are never on the device.
 */
export class Conflicts {
    constructor(private readonly parts: ConflictParts) {}

    async all(): Promise<DeviceConflict[]> {
        return (await this.parts.database.scan("conflicts")).map(({ value }) => value as DeviceConflict);
    }

    async resolve(conflictId: string, action: ConflictAction, record: Partial<Record> | undefined): Promise<Conflict> {
        const { auth, userId } = this.parts;
        const path = `/api/sync/conflicts/${encodeURIComponent(conflictId)}/resolve`;
        const body = record === undefined ? { action } : { action, record };
        const conflict = (await auth.call(userId, { method: "POST", path, body })).data as Conflict;
        await this.#decided(conflictId, action !== "keep_server");
        return conflict;
    }

    /** By `conflict_id`: what may be done about each that is still open. Those that were decided elsewhere leave this device. */
    async choices(): Promise<Map<string, ConflictChoice>> {
        const here = await this.all();
        const open = await this.#ask("open", here);
        await this.#check(here, open);
        const choices = new Map<string, ConflictChoice>();
        for (const { conflict_id } of here) {
            const conflict = open.get(conflict_id);
            if (conflict !== undefined) choices.set(conflict_id, { actions: conflict.actions, other: await this.#other(conflict) });
        }
        return choices;
    }

    /** Conflicts that were decided elsewhere leave this device; called after a restart and when events say so. */
    async check(): Promise<void> {
        const here = await this.all();
        await this.#check(here, await this.#ask("open", here));
    }

    async #check(here: readonly DeviceConflict[], open: ReadonlyMap<string, Conflict>): Promise<void> {
        const settled = here.filter(({ conflict_id }) => !open.has(conflict_id));
        const resolved = await this.#ask("resolved", settled);
        for (const { conflict_id } of settled) {
            const conflict = resolved.get(conflict_id);
            if (conflict !== undefined) await this.#decided(conflict_id, conflict.resolution !== "keep_server");
        }
    }

    /** The server's conflicts of this status, as far as it takes to find these. */
    async #ask(status: "open" | "resolved", wanted: readonly DeviceConflict[]): Promise<Map<string, Conflict>> {
        const found = new Map<string, Conflict>();
        let cursor: string | null = null;
        while (wanted.some(({ conflict_id }) => !found.has(conflict_id))) {
            const query: { [name: string]: string | number | null } = { status, limit: page, cursor };
            const answer = await this.parts.auth.call(this.parts.userId, { method: "GET", path: "/api/sync/conflicts", query });
            const { items, next_cursor } = answer.data as { items: Conflict[]; next_cursor: string | null };
            for (const conflict of items) found.set(conflict.conflict_id, conflict);
            if (next_cursor === null) break;
            cursor = next_cursor;
        }
        return found;
    }

    /** What a person decided, here or elsewhere, is no conflict of this device's any more. */
    async #decided(conflictId: string, stored: boolean): Promise<void> {
        const { database, platform } = this.parts;
        const conflict = (await database.get("conflicts", conflictId))?.value as DeviceConflict | undefined;
        if (conflict === undefined) return;
        const key = recordKey(conflict.session_id, conflict.client_record_id);
        const row = await database.get("records", key);
        const changes: Change[] = [{ kind: "delete", store: "conflicts", key: conflictId }];
        const shown = row?.value as DeviceRecord | undefined;
        if (row !== undefined && shown?.state === "conflict") {
            changes.push({ kind: "put", store: "records", key, stamp: platform.uuid(), value: { ...shown, state: stored ? "stored" : "decided" }, expect: row.stamp });
        }
        await database.write(changes);
        this.parts.onChange();
    }

    async #other(conflict: Conflict): Promise<OtherFigure | null> {
        const { server } = conflict;
        if (server == null) return null;
        const told = server as Partial<Schema<"StoredRecord"> & Schema<"SerialPlace">>;
        const isMine = told.user_id === this.parts.userId;
        // The server leaves quantities out of a blind count's answers; a count that this device knows as blind is blind here.
        const hides = told.hidden === true || (!isMine && (await this.#isBlind(conflict.session_id)));
        const quantityOf = (quantity: number | null | undefined): number | null => (hides ? null : (quantity ?? null));
        return {
            client_record_id: told.client_record_id ?? null,
            user_id: told.user_id ?? null,
            full_name: told.full_name ?? conflict.server_full_name ?? (await this.#nameOf(conflict, told.user_id, told.client_record_id)),
            is_mine: isMine,
            rack_id: told.rack_id ?? null,
            item_code: told.item_code ?? null,
            verified_qty: quantityOf(told.verified_qty),
            damage_qty: quantityOf(told.damage_qty),
            non_returnable_damaged_qty: quantityOf(told.non_returnable_damaged_qty),
            uom: told.uom ?? null,
            lot: told.lot ?? null,
            partial: told.partial === true,
            updated_at: told.updated_at ?? told.at ?? null,
        };
    }

    async #isBlind(sessionId: string): Promise<boolean> {
        return ((await this.parts.database.get("sessions", sessionId))?.value as SessionRow | undefined)?.rack.blind === true;
    }

    /** The answer names people by their ids; who had the rack stands beside it, who counted there in the rack's items. */
    async #nameOf({ holder, rack_id, item_code }: Conflict, userId: string | undefined, recordId: string | undefined): Promise<string | null> {
        if (userId === undefined) return null;
        if (holder?.user_id === userId) return holder.full_name ?? null;
        const item = (await this.parts.database.get("items", joined(rack_id ?? "", item_code ?? "")))?.value as RackItem | undefined;
        return item?.counted_by.find((figure) => figure.client_record_id === recordId)?.full_name ?? null;
    }
}
