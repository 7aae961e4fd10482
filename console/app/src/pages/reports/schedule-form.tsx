import { Check, Select, TextField } from "../../ui/field.js";
import type { Schema } from "./api-types.js";
import { type Cadence, rhythms } from "./cadence.js";
import { fileFormats } from "./files.js";
import { FixedFilterFields } from "./fixed-dialog.js";
import type { ScheduleDraft, ScheduleType } from "./schedule-draft.js";
import { weekdayName } from "./schedule-words.js";
import { text } from "./texts.js";

interface ScheduleFormProps {
    draft: ScheduleDraft;
    onChange: (draft: ScheduleDraft) => void;
    queries: readonly Schema<"SavedQuery">[];
    /** Who may schedule the audit trail, too. */
    isAdmin: boolean;
    /** The schedule asks a query of its own, which stays where no saved one is chosen. */
    hasOwnQuery: boolean;
    faultOf: (field: string) => string | undefined;
}

const types: readonly ScheduleType[] = ["variance", "stock_summary", "user_activity", "session_history", "snapshot", "audit_trail"];

/** What is made, when, and who gets it. */
export function ScheduleForm({ draft, onChange, queries, isAdmin, hasOwnQuery, faultOf }: ScheduleFormProps) {
    const set = (changes: Partial<ScheduleDraft>): void => onChange({ ...draft, ...changes });
    return (
        <div class="stack">
            <TextField label={text("schedule.name")} name="schedule-name" value={draft.name} onInput={(name) => set({ name })} maxLength={200} fault={faultOf("name")} />
            <Select
                label={text("schedule.type")}
                value={draft.type}
                options={types.filter((type) => isAdmin || type !== "audit_trail").map((value) => ({ value, label: value === "snapshot" ? text("schedules.snapshot") : text(`fixed.${value}`) }))}
                onChange={(type) => set({ type, filters: type === "stock_summary" ? {} : { period: "last_week" } })}
            />
            {draft.type === "snapshot" ? (
                <SnapshotFields draft={draft} set={set} queries={queries} hasOwnQuery={hasOwnQuery} faultOf={faultOf} />
            ) : (
                <FixedFilterFields type={draft.type} filters={draft.filters} onChange={(filters) => set({ filters })} moving />
            )}
            <CadenceFields cadence={draft.cadence} onChange={(cadence) => set({ cadence })} fault={faultOf("cron")} />
            <TextField label={text("schedule.zone")} value={draft.timeZone} onInput={(timeZone) => set({ timeZone })} code fault={faultOf("time_zone")} />
            <Select label={text("file.format")} value={draft.format} options={fileFormats.map((value) => ({ value, label: text(`format.${value}`) }))} onChange={(format) => set({ format })} />
            <TextField label={text("schedule.recipients")} value={draft.recipients} onInput={(recipients) => set({ recipients })} code hint={text("schedule.recipients_hint")} fault={faultOf("recipients")} />
            <Check label={text("schedule.enabled")} checked={draft.enabled} onChange={(enabled) => set({ enabled })} />
        </div>
    );
}

function SnapshotFields({ draft, set, queries, hasOwnQuery, faultOf }: Omit<ScheduleFormProps, "onChange" | "isAdmin"> & { set: (changes: Partial<ScheduleDraft>) => void }) {
    const none = { value: "", label: hasOwnQuery ? text("schedule.query_own") : text("schedule.query_choose") };
    return (
        <>
            <Select label={text("schedule.query")} value={draft.queryId} options={[none, ...queries.map((query) => ({ value: query.query_id, label: query.name, isData: true }))]} onChange={(queryId) => set({ queryId })} hint={text("schedule.query_hint")} fault={faultOf("query") ?? faultOf("query_id")} />
            <TextField label={text("snapshot.tags")} value={draft.tags} onInput={(tags) => set({ tags })} hint={text("snapshot.tags_hint")} />
            <TextField label={text("schedule.keep")} value={draft.keep} onInput={(keep) => set({ keep })} inputMode="numeric" hint={text("schedule.keep_hint")} fault={faultOf("keep")} />
        </>
    );
}

const days = Array.from({ length: 31 }, (_, index) => String(index + 1));

function CadenceFields({ cadence, onChange, fault }: { cadence: Cadence; onChange: (cadence: Cadence) => void; fault: string | undefined }) {
    const set = (changes: Partial<Cadence>): void => onChange({ ...cadence, ...changes });
    const { rhythm } = cadence;
    return (
        <div class="filter-row">
            <Select label={text("schedule.when")} value={rhythm} options={rhythms.map((value) => ({ value, label: text(`rhythm.${value}`) }))} onChange={(chosen) => set({ rhythm: chosen })} />
            {rhythm === "weekly" && <Select label={text("schedule.weekday")} value={String(cadence.weekday)} options={[1, 2, 3, 4, 5, 6, 0].map((day) => ({ value: String(day), label: weekdayName(day), isData: true }))} onChange={(day) => set({ weekday: Number(day) })} />}
            {rhythm === "monthly" && <Select label={text("schedule.day")} value={String(cadence.day)} options={days.map((day) => ({ value: day, label: day }))} onChange={(day) => set({ day: Number(day) })} />}
            {rhythm === "own" ? (
                <TextField label={text("schedule.cron")} value={cadence.cron} onInput={(cron) => set({ cron })} code hint={text("schedule.cron_hint")} fault={fault} />
            ) : (
                <TextField label={rhythm === "hourly" ? text("schedule.minute") : text("schedule.time")} value={cadence.time} onInput={(time) => set({ time })} type="time" fault={fault} />
            )}
        </div>
    );
}
