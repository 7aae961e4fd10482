import type { ApprovalBar } from "./kinds.js";

export interface BarGroup {
    reason: ApprovalBar["reason"];
    bars: readonly ApprovalBar[];
}

/** What bars an approval, each reason once, in the order in which it is best cleared away. */
const order: readonly ApprovalBar["reason"][] = ["conflict", "find", "unknown", "recount", "recount_asked", "incomplete", "not_recounted", "not_accepted"];

export function groupBars(bars: readonly ApprovalBar[]): BarGroup[] {
    return order.map((reason) => ({ reason, bars: barsOf(reason, bars) })).filter((group) => group.bars.length > 0);
}

/** A conflict bars by itself and by its item's line: it is told once. */
function barsOf(reason: ApprovalBar["reason"], bars: readonly ApprovalBar[]): readonly ApprovalBar[] {
    const found = bars.filter((bar) => bar.reason === reason);
    const conflicts = found.filter((bar) => bar.conflict_id !== undefined && bar.conflict_id !== null);
    return reason === "conflict" && conflicts.length > 0 ? conflicts : found;
}
