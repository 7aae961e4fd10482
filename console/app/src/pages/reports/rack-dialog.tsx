import type { Signal } from "@preact/signals";
import { clockTime, figure } from "../../i18n/format.js";
import { Dialog } from "../../ui/dialog.js";
import { Chip } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { rackIcons } from "./rack-shares.js";
import { text } from "./texts.js";
import type { Tower } from "./tower.js";
import { HeardAge } from "./tower-people.js";

/** A rack that was tapped: who has it, since when, how far. */
export function RackDialog({ tower, opened }: { tower: Tower; opened: Signal<string | null> }) {
    const rackId = opened.value;
    const found = rackId === null ? undefined : tower.rack(rackId);
    if (found === undefined) return null;
    const rack = found.value;
    const person = tower.personOn(rack.rack_id);
    return (
        <Dialog title={text("rack.title", { rack: rack.rack_id })} onClose={() => (opened.value = null)}>
            <dl class="facts">
                <div>
                    <dt>{text("rack.state")}</dt>
                    <dd>
                        <Chip tone={rack.status === "completed" ? "ok" : rack.status === "paused" ? "warn" : rack.status === "claimed" ? "info" : "plain"} icon={rackIcons[rack.status]}>
                            {text(`rack.${rack.status}`)}
                        </Chip>
                    </dd>
                </div>
                <div>
                    <dt>{text("rack.where")}</dt>
                    <dd>
                        <Data>{[rack.floor, rack.zone].filter((part) => part !== null).join(" · ")}</Data>
                    </dd>
                </div>
                {person !== undefined && (
                    <>
                        <div>
                            <dt>{text("rack.who")}</dt>
                            <dd>
                                <Data>{person.full_name ?? person.username ?? person.user_id}</Data>
                            </dd>
                        </div>
                        <div>
                            <dt>{text("rack.since")}</dt>
                            <dd translate={false}>{clockTime(person.started_at)}</dd>
                        </div>
                        <div>
                            <dt>{text("people.heard")}</dt>
                            <dd>
                                <HeardAge person={person} ahead={tower.ahead.value} />
                            </dd>
                        </div>
                        <div>
                            <dt>{text("people.items")}</dt>
                            <dd class="number" translate={false}>
                                {figure(person.items)}
                            </dd>
                        </div>
                        {person.count_id !== null && (
                            <div>
                                <dt>{text("rack.count")}</dt>
                                <dd>
                                    <Code>{person.count_id}</Code>
                                </dd>
                            </div>
                        )}
                    </>
                )}
            </dl>
        </Dialog>
    );
}
