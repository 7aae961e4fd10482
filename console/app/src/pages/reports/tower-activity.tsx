import type { ServerEvent } from "@stockverify/client";
import { useEffect, useState } from "preact/hooks";
import { clockTime } from "../../i18n/format.js";
import type { IconName } from "../../ui/icon.js";
import { Icon } from "../../ui/icon.js";
import { Code, Data } from "../../ui/text.js";
import { Who } from "../supervisor/people.js";
import { text } from "./texts.js";
import type { Tower } from "./tower.js";

const icons = {
    "rack.claimed": "lock",
    "rack.resumed": "play",
    "rack.paused": "pause",
    "rack.released": "undo",
    "rack.completed": "check",
    "rack.interrupted": "stop",
    "session.synced": "upload",
    "count.opened": "plus",
    "count.reconciling": "search",
    "count.approved": "check",
    "count.closed": "lock",
    "count.assigned": "users",
    "review.accepted": "check",
    "review.excluded": "minus",
    "review.included": "plus",
    "recount.asked": "sync",
    "recount.withdrawn": "undo",
} as const satisfies { readonly [type: string]: IconName };

const isKnown = (type: string): type is keyof typeof icons => type in icons;

/** Nobody reads faster. */
const pause = 500;

/** What just happened, the newest first. Under many events it changes twice a second, not with each. */
export function TowerActivity({ tower }: { tower: Tower }) {
    const shown = useSometimes(tower);
    return (
        <section class="stack-tight tower-activity">
            <h2>{text("dashboard.activity")}</h2>
            {shown.length === 0 ? (
                <p class="soft">{text("watchtower.quiet")}</p>
            ) : (
                <ul class="list">
                    {shown.map((event) => (
                        <Happening key={`${event.at} ${event.type} ${event.id ?? ""}`} event={event} name={tower.nameOf(typeof event["user_id"] === "string" ? event["user_id"] : null)} />
                    ))}
                </ul>
            )}
        </section>
    );
}

function useSometimes(tower: Tower): readonly ServerEvent[] {
    const [shown, show] = useState(tower.activity.peek());
    useEffect(() => {
        let waiting: ReturnType<typeof setTimeout> | undefined;
        const stop = tower.activity.subscribe(() => {
            waiting ??= setTimeout(() => {
                waiting = undefined;
                show(tower.activity.peek());
            }, pause);
        });
        show(tower.activity.peek());
        return () => {
            stop();
            clearTimeout(waiting);
        };
    }, [tower]);
    return shown;
}

/** The tower knows who is at work; who has left is looked up among everybody. */
function Happening({ event, name }: { event: ServerEvent; name: string | null }) {
    const isRack = event.type.startsWith("rack.") || event.type.startsWith("session.");
    return (
        <li class="list-row happening">
            <Icon name={isKnown(event.type) ? icons[event.type] : "info"} class="soft" />
            <span class="grow">
                {isKnown(event.type) ? text(`event.${event.type}`) : text("action.other", { action: event.type })} {isRack && event.id !== null && <Code>{event.id}</Code>}
                {name !== null && (
                    <div class="small soft">
                        {name === event["user_id"] ? <Who id={name} /> : <Data>{name}</Data>}
                    </div>
                )}
            </span>
            <time class="small soft" translate={false}>
                {clockTime(event.at)}
            </time>
        </li>
    );
}
