import type { Schema } from "@stockverify/client";
import { type Cadence, fromCron, toCron, usualCadence } from "./cadence.js";
import type { FixedFilters } from "./fixed-dialog.js";

export type Schedule = Schema<"Schedule">;
export type ScheduleType = Schedule["type"];
export type ScheduleRequest = Schema<"ScheduleRequest">;

/** A schedule while it is edited. */
export interface ScheduleDraft {
    name: string;
    type: ScheduleType;
    cadence: Cadence;
    timeZone: string;
    filters: FixedFilters;
    /** Of a snapshot: the saved query; "" where it has a query of its own. */
    queryId: string;
    tags: string;
    keep: string;
    format: NonNullable<ScheduleRequest["format"]>;
    recipients: string;
    enabled: boolean;
}

export const newSchedule = (timeZone: string): ScheduleDraft => ({
    name: "",
    type: "variance",
    cadence: usualCadence,
    timeZone,
    filters: { period: "last_week" },
    queryId: "",
    tags: "",
    keep: "12",
    format: "xlsx",
    recipients: "",
    enabled: true,
});

export const draftOf = (schedule: Schedule): ScheduleDraft => ({
    name: schedule.name,
    type: schedule.type,
    cadence: fromCron(schedule.cron),
    timeZone: schedule.time_zone,
    filters: (schedule.filters ?? {}) as FixedFilters,
    queryId: schedule.query_id ?? "",
    tags: (schedule.tags ?? []).join(", "),
    keep: schedule.keep === null || schedule.keep === undefined ? "" : String(schedule.keep),
    format: schedule.format as ScheduleDraft["format"],
    recipients: schedule.recipients.join(", "),
    enabled: schedule.enabled,
});

const parts = (typed: string): string[] => [...new Set(typed.split(/[,;\s]+/).filter((part) => part !== ""))];
const tags = (typed: string): string[] => [...new Set(typed.split(",").map((tag) => tag.trim()).filter((tag) => tag !== ""))];

/** `before`: what the schedule was, for what the form does not show. */
export function requestOf(draft: ScheduleDraft, before: Schedule | null): ScheduleRequest {
    const request: ScheduleRequest = {
        name: draft.name.trim(),
        cron: toCron(draft.cadence),
        time_zone: draft.timeZone.trim() === "" ? null : draft.timeZone.trim(),
        enabled: draft.enabled,
        recipients: parts(draft.recipients),
        type: draft.type,
        format: draft.format,
    };
    if (draft.type !== "snapshot") return { ...request, filters: draft.filters as ScheduleRequest["filters"] & object };
    const snapshot: ScheduleRequest = { ...request, tags: tags(draft.tags), keep: draft.keep.trim() === "" ? null : Number(draft.keep) };
    if (before?.description) snapshot.description = before.description;
    if (draft.queryId !== "") return { ...snapshot, query_id: draft.queryId };
    return before?.query === undefined ? snapshot : { ...snapshot, query: before.query };
}
