import type { BatchVerdict, Record } from "./api.js";
import type { Refusal } from "./record.js";

export type ConflictVerdict = BatchVerdict["conflicts"][number];

/** What became of one record of a batch. */
export type Outcome =
    | { kind: "stored"; unknown: boolean }
    | { kind: "conflict"; conflict: ConflictVerdict }
    /** A person decided about it already. */
    | { kind: "decided"; stored: boolean }
    | { kind: "refused"; refusal: Refusal }
    /** Nothing is wrong with it: again, later. */
    | { kind: "later" };

/** One outcome for each record sent, in their order. One that the server did not speak of is to be sent again. */
export function judge(sent: readonly Record[], verdict: BatchVerdict): Outcome[] {
    const ok = new Set(verdict.ok);
    const unknown = new Set(verdict.unknown ?? []);
    const conflicts = new Map(verdict.conflicts.map((conflict) => [conflict.client_record_id, conflict]));
    return sent.map((record, index): Outcome => {
        const id = record.client_record_id;
        if (ok.has(id)) return { kind: "stored", unknown: unknown.has(id) };
        const conflict = conflicts.get(id);
        if (conflict?.resolved === true) return { kind: "decided", stored: conflict.resolution !== "keep_server" };
        if (conflict !== undefined) return { kind: "conflict", conflict };
        const error = verdict.errors.find((each) => each.client_record_id === id || (each.client_record_id === null && each.index === index));
        if (error === undefined || error.retry === true) return { kind: "later" };
        return { kind: "refused", refusal: { field: error.field, code: error.code, message: error.message } };
    });
}
