import type { CountLine, Holder, Record, Schema } from "./api.js";
import { joined } from "./keys.js";
import { type Quantity, toNumber } from "./quantity.js";

export type ConflictType = Schema<"ConflictType">;
export type RecordErrorCode = Schema<"RecordErrorCode">;

type Quantities = "verified_qty" | "damage_qty" | "non_returnable_damaged_qty";
type MadeHere = "client_record_id" | "created_at" | "updated_at" | "revision" | "status";

/** A figure as a person enters it; ids, times and revisions are the client's. */
export type NewFigure = Omit<Record, Quantities | MadeHere> & {
    verified_qty: Quantity;
    damage_qty?: Quantity | null;
    non_returnable_damaged_qty?: Quantity | null;
    /** `finalized` unless told. */
    status?: "partial" | "finalized";
};

/** What an edit changes; the session stays. */
export type FigureChanges = Partial<Omit<NewFigure, "session_id">>;

/** One scan or correction behind a figure; `line_id` and time are the client's. */
export type NewLine = Omit<CountLine, "line_id" | "created_at" | "quantity" | "client_record_id"> & { quantity?: Quantity | null };

/**
 * Where a record is. `unsent`: on this device only. `stored`: safe on the server. `refused`: it can't be stored as it is,
 * and waits for a person here. `conflict`: it waits for a person there. `decided`: a person decided about it already.
 */
export type RecordState = "unsent" | "stored" | "refused" | "conflict" | "decided";

export interface Refusal {
    field: string;
    code: RecordErrorCode;
    message: string;
}

/** A record on this device. */
export interface DeviceRecord {
    /** The version of this row's shape. */
    v: 1;
    record: Record;
    state: RecordState;
    /** Its place in the order of this device's first writing. */
    order: number;
    /** The queue's row while it is unsent: what the queue has no row of any more was stored, and needed no word here. */
    queue_key: string | null;
    /** Stored, under a code that no item has. */
    unknown?: boolean;
    refusal?: Refusal;
    conflict_id?: string;
}

/** A conflict that a verdict told; what the server has is asked of it, never kept here. */
export interface DeviceConflict {
    v: 1;
    conflict_id: string;
    client_record_id: string;
    session_id: string;
    type: ConflictType;
    message: string;
    holder?: Holder;
    record: Record;
}

export type ConflictAction = Schema<"Conflict">["actions"][number];

/** What may be done about a conflict as things stand. */
export interface ConflictChoice {
    /** In no order of preference; none: a supervisor decides. */
    actions: readonly ConflictAction[];
    other: OtherFigure | null;
}

/** What a record is in conflict with, as far as this user may know. In a blind count others' quantities are null. */
export interface OtherFigure {
    client_record_id: string | null;
    user_id: string | null;
    full_name: string | null;
    /** It is the same user's: an edit from another device, or a figure entered twice. */
    is_mine: boolean;
    rack_id: string | null;
    item_code: string | null;
    verified_qty: number | null;
    damage_qty: number | null;
    non_returnable_damaged_qty: number | null;
    uom: string | null;
    lot: string | null;
    partial: boolean;
    updated_at: string | null;
}

/** Members of a figure as the wire has them. */
export function wireFigure(figure: FigureChanges): Partial<Record> {
    const { verified_qty, damage_qty, non_returnable_damaged_qty, ...rest } = figure;
    const wire: Partial<Record> = { ...rest };
    if (verified_qty !== undefined) wire.verified_qty = toNumber(verified_qty);
    if (damage_qty !== undefined) wire.damage_qty = damage_qty === null ? null : toNumber(damage_qty);
    if (non_returnable_damaged_qty !== undefined)
        wire.non_returnable_damaged_qty = non_returnable_damaged_qty === null ? null : toNumber(non_returnable_damaged_qty);
    return wire;
}

/** The key of a record: those of a session stand together. */
export const recordKey = (sessionId: string, recordId: string): string => joined(sessionId, recordId);
