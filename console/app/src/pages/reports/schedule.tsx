import { Refused } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { shellText } from "../../i18n/shell.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client, currentUser } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Banner } from "../../ui/surface.js";
import { Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import type { Schema } from "./api-types.js";
import { Deliveries } from "./deliveries.js";
import { draftOf, newSchedule, requestOf, type Schedule } from "./schedule-draft.js";
import { LastRun } from "./last-run.js";
import { ScheduleForm } from "./schedule-form.js";
import { text } from "./texts.js";

/** A schedule: new, or changed. */
export function SchedulePage() {
    const id = useParameter("schedule");
    const loaded = useLoad(
        async (signal) => {
            const [schedule, queries] = await Promise.all([
                id === "" ? null : client.call("get", "/api/reports/schedules/{id}", { path: { id }, signal }),
                client.call("get", "/api/reports/queries", { query: { limit: 200 }, signal }),
            ]);
            return { schedule, queries: queries.items };
        },
        [id],
    );
    const name = loaded.data?.schedule?.name;
    return (
        <Page title={name ?? text("schedules.new")} {...(name === undefined ? {} : { heading: <Data>{name}</Data> })} back={pathTo("/schedules")}>
            <Loading of={loaded} rows={4}>
                {({ schedule, queries }) => <Editor key={schedule?.schedule_id ?? "new"} schedule={schedule} queries={queries} onSaved={(saved) => loaded.set({ schedule: saved, queries })} />}
            </Loading>
            <ZoneNote />
        </Page>
    );
}

interface EditorProps {
    schedule: Schedule | null;
    queries: readonly Schema<"SavedQuery">[];
    onSaved: (schedule: Schedule) => void;
}

function Editor({ schedule, queries, onSaved }: EditorProps) {
    const { route } = useLocation();
    const [draft, setDraft] = useState(() => (schedule === null ? newSchedule(Intl.DateTimeFormat().resolvedOptions().timeZone) : draftOf(schedule)));
    const [fault, setFault] = useState<unknown>(undefined);
    const details = fault instanceof Refused ? fault.details : [];
    const act = async (run: () => Promise<void>): Promise<void> => {
        try {
            setFault(undefined);
            await run();
        } catch (failed) {
            setFault(failed);
        }
    };
    const save = () =>
        act(async () => {
            const body = requestOf(draft, schedule);
            const saved = schedule === null ? await client.call("post", "/api/reports/schedules", { body }) : await client.call("put", "/api/reports/schedules/{id}", { path: { id: schedule.schedule_id }, body });
            notify({ tone: "ok", text: text("schedule.saved") });
            if (schedule === null) route(pathTo("/schedules", saved.schedule_id), true);
            else onSaved(saved);
        });
    const run = (found: Schedule) =>
        act(async () => {
            await client.call("post", "/api/reports/schedules/{id}/run", { path: { id: found.schedule_id } });
            notify({ tone: "ok", text: text("schedule.runs"), action: { label: text("job.look"), run: () => route(pathTo("/jobs")) } });
        });
    const remove = (found: Schedule) =>
        act(async () => {
            if (!(await ask({ title: text("reports.delete_ask", { name: found.name }), text: text("schedule.delete_text"), confirm: text("reports.delete"), danger: true }))) return;
            await client.call("delete", "/api/reports/schedules/{id}", { path: { id: found.schedule_id } });
            route(pathTo("/schedules"), true);
        });
    return (
        <div class="stack">
            {schedule !== null && schedule.disabled_reason !== null && (
                <Banner tone="warn" title={text("schedules.off")}>
                    <Data>{schedule.disabled_reason}</Data>
                </Banner>
            )}
            {schedule !== null && schedule.last_status !== null && (
                <section class="card stack-tight">
                    <h2>{text("schedule.last_run")}</h2>
                    <LastRun of={schedule} />
                </section>
            )}
            {fault !== undefined && <Banner tone="bad">{faultText(fault)}</Banner>}
            <ScheduleForm draft={draft} onChange={setDraft} queries={queries} isAdmin={currentUser()?.role === "admin"} hasOwnQuery={schedule?.query !== undefined} faultOf={(field) => details.find((detail) => detail.field === field || detail.field.startsWith(`${field}[`))?.message} />
            <div class="row">
                <Button kind="primary" onClick={save}>
                    {shellText("save")}
                </Button>
                {schedule !== null && (
                    <>
                        <Button icon="play" onClick={() => run(schedule)}>
                            {text("schedule.run")}
                        </Button>
                        <Button icon="trash" onClick={() => remove(schedule)}>
                            {text("reports.delete")}
                        </Button>
                    </>
                )}
            </div>
            {schedule !== null && schedule.recipients.length > 0 && <Deliveries scheduleId={schedule.schedule_id} />}
        </div>
    );
}
