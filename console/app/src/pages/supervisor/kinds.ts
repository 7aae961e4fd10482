import type { DataOf, Schema } from "@stockverify/client";
import type { IconName } from "../../ui/icon.js";
import type { Tone } from "../../ui/surface.js";

export type Count = Schema<"Count">;
export type CountRack = Schema<"CountRackPage">["items"][number];
export type ReviewLine = Schema<"ReviewLine">;
export type ReviewPage = Schema<"ReviewPage">;
export type LineDetail = Schema<"ReviewLineDetail">;
export type ApprovalBar = Schema<"ApprovalBar">;
export type Adjustment = Schema<"Adjustment">;
export type AdjustmentWithLines = DataOf<"get", "/api/adjustments/{id}">;
export type Conflict = Schema<"Conflict">;
export type Variance = Schema<"Variance">;
export type UnknownItem = Schema<"UnknownItem">;
export type Job = Schema<"Job">;

interface Sign {
    tone: Tone;
    icon: IconName;
}

/** How states look: always a word and a sign beside the colour. */
export const countSigns: { [State in Count["status"]]: Sign } = {
    OPEN: { tone: "info", icon: "play" },
    RECONCILE: { tone: "warn", icon: "search" },
    APPROVING: { tone: "accent", icon: "job" },
    APPROVED: { tone: "ok", icon: "check" },
    CLOSED: { tone: "plain", icon: "stop" },
};

export const rackSigns: { [State in CountRack["state"]]: Sign } = {
    not_begun: { tone: "plain", icon: "clock" },
    counting: { tone: "info", icon: "scan" },
    left: { tone: "warn", icon: "pause" },
    completed: { tone: "ok", icon: "check" },
    recount_asked: { tone: "warn", icon: "sync" },
    excluded: { tone: "plain", icon: "minus" },
};

export const lineSigns: { [State in ReviewLine["state"]]: Sign } = {
    not_counted: { tone: "plain", icon: "minus" },
    incomplete: { tone: "warn", icon: "clock" },
    counted: { tone: "info", icon: "scan" },
    recount_asked: { tone: "warn", icon: "sync" },
    not_recounted: { tone: "warn", icon: "warning" },
    recounted: { tone: "info", icon: "sync" },
    accepted: { tone: "ok", icon: "check" },
};

export const adjustmentSigns: { [State in Adjustment["status"]]: Sign } = {
    approved: { tone: "info", icon: "clock" },
    posting: { tone: "accent", icon: "upload" },
    stopped: { tone: "warn", icon: "pause" },
    refused: { tone: "bad", icon: "warning" },
    posted: { tone: "ok", icon: "check" },
};

export const postingSigns: { [State in Schema<"AdjustmentLine">["posting"]["state"]]: Sign } = {
    pending: { tone: "plain", icon: "clock" },
    sent: { tone: "accent", icon: "upload" },
    applied: { tone: "ok", icon: "check" },
    refused: { tone: "bad", icon: "warning" },
    superseded: { tone: "plain", icon: "minus" },
    withdrawn: { tone: "plain", icon: "undo" },
};

export const isClosed = (count: Pick<Count, "status">): boolean => count.status === "APPROVED" || count.status === "CLOSED";

export const lineKey = (line: Pick<ReviewLine, "item_code" | "lot">): string => `${line.item_code} ${line.lot}`;
