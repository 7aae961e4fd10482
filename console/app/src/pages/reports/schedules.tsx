import { dateTime } from "../../i18n/format.js";
import { useLiveReload } from "../../live.js";
import { useLoad } from "../../load.js";
import { relative } from "../../office-format.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Icon } from "../../ui/icon.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import type { Schema } from "./api-types.js";
import { LastRun } from "./last-run.js";
import { cadenceText } from "./schedule-words.js";
import { text } from "./texts.js";

type Schedule = Schema<"Schedule">;

/** What is made by the clock: when next, and what came of it last. */
export function SchedulesPage() {
    const loaded = useLoad((signal) => client.call("get", "/api/reports/schedules", { query: { limit: 200 }, signal }), []);
    useLiveReload(["job.updated", "schedule."], loaded.reload, (event) => event["status"] !== "running", 3000);
    return (
        <Page title={text("schedules.title")}>
            <div class="stack">
                <Button kind="primary" size="large" icon="plus" href={pathTo("/schedules/new")}>
                    {text("schedules.new")}
                </Button>
                <Loading of={loaded} rows={3}>
                    {({ items: schedules }) =>
                        schedules.length === 0 ? (
                            <EmptyState icon="calendar" title={text("schedules.none")} text={text("schedules.none_text")} />
                        ) : (
                            <ul class="list">
                                {schedules.map((schedule) => (
                                    <ScheduleRow key={schedule.schedule_id} schedule={schedule} />
                                ))}
                            </ul>
                        )
                    }
                </Loading>
            </div>
            <ZoneNote />
        </Page>
    );
}

function ScheduleRow({ schedule }: { schedule: Schedule }) {
    return (
        <li data-schedule={schedule.schedule_id}>
            <a class="list-row" href={pathTo("/schedules", schedule.schedule_id)}>
                <span class="grow stack-tight">
                    <span class="row">
                        <strong>
                            <Data>{schedule.name}</Data>
                        </strong>
                        {!schedule.enabled && <Chip icon="pause">{text("schedules.off")}</Chip>}
                        {schedule.waiting_for !== null && (
                            <Chip tone="warn" icon="clock">
                                {text("schedules.waits")}
                            </Chip>
                        )}
                    </span>
                    <span class="small">
                        {schedule.type === "snapshot" ? text("schedules.snapshot") : text(`fixed.${schedule.type}`)} · {cadenceText(schedule.cron)} · <Code>{schedule.time_zone}</Code>
                    </span>
                    {schedule.enabled && schedule.next_at !== null && (
                        <span class="small soft">
                            {text("schedules.next", { when: dateTime(schedule.next_at) })} (<time translate={false}>{relative(schedule.next_at)}</time>)
                        </span>
                    )}
                    <LastRun of={schedule} />
                    {schedule.disabled_reason !== null && (
                        <span class="small">
                            <Data>{schedule.disabled_reason}</Data>
                        </span>
                    )}
                </span>
                <Icon name="next" class="soft" />
            </a>
        </li>
    );
}
