import { dateTime, number } from "../../i18n/format.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { text } from "./texts.js";

/** What this person counted before. */
export function HistoryPage() {
    const loaded = useLoad((signal) => client.call("get", "/api/sessions/user/history", { query: { limit: 50 }, signal }), []);
    return (
        <Page title={text("history.title")} back={pathTo("/more")}>
            <Loading of={loaded} rows={5}>
                {({ items }) =>
                    items.length === 0 ? (
                        <EmptyState icon="history" title={text("history.none")} text={text("history.none_text")} />
                    ) : (
                        <ul class="list">
                            {items.map((session) => (
                                <li key={session.session_id} class="list-row">
                                    <span class="grow">
                                        <strong><Code>{session.rack_id ?? session.session_id}</Code></strong>
                                        <div class="small soft">
                                            {session.floor !== undefined && session.floor !== null && <><Data>{session.floor}</Data> · </>}
                                            <time translate={false}>{dateTime(session.started_at)}</time>
                                        </div>
                                    </span>
                                    <Chip tone={session.status === "completed" ? "ok" : "plain"} icon={session.status === "completed" ? "check" : "clock"}>
                                        {text(`history.${known(session.status)}`)}
                                    </Chip>
                                </li>
                            ))}
                            {items.length === 50 && <li class="list-row soft">{text("history.last", { n: number(50) })}</li>}
                        </ul>
                    )
                }
            </Loading>
        </Page>
    );
}

const statuses = ["active", "paused", "completed", "interrupted"] as const;
const known = (status: string): (typeof statuses)[number] | "other" => statuses.find((each) => each === status) ?? "other";
