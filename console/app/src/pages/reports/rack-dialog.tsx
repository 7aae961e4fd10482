import type { Signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { clockTime, figure } from "../../i18n/format.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { notify } from "../../ui/notices.js";
import { Chip } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { ReasonDialog } from "../supervisor/reason-dialog.js";
import { rackIcons, rackTones } from "./rack-shares.js";
import { text } from "./texts.js";
import type { Tower } from "./tower.js";
import { HeardAge } from "./tower-people.js";

/** A rack that was tapped: who has it, since when, how far. */
export function RackDialog({ tower, opened }: { tower: Tower; opened: Signal<string | null> }) {
    const [freeing, setFreeing] = useState<string | null>(null);
    const rackId = opened.value;
    const found = rackId === null ? undefined : tower.rack(rackId);
    if (found === undefined) return null;
    const rack = found.value;
    const person = tower.personOn(rack.rack_id);
    const close = (): void => {
        opened.value = null;
        setFreeing(null);
    };
    if (freeing !== null) return <FreeDialog rackId={rack.rack_id} sessionId={freeing} name={tower.nameOf(rack.user_id)} onClose={close} />;
    return (
        <Dialog
            title={text("rack.title", { rack: rack.rack_id })}
            onClose={close}
            actions={
                rack.session_id !== null && (
                    <Button icon="stop" onClick={() => setFreeing(rack.session_id)}>
                        {text("rack.free")}
                    </Button>
                )
            }
        >
            <dl class="facts">
                <div>
                    <dt>{text("rack.state")}</dt>
                    <dd>
                        <Chip tone={rackTones[rack.status]} icon={rackIcons[rack.status]}>
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

/** Takes a rack from who has it: the floor session that was seen ends, and no other that began meanwhile. */
function FreeDialog({ rackId, sessionId, name, onClose }: { rackId: string; sessionId: string; name: string | null; onClose: () => void }) {
    const free = async (reason: string): Promise<string | undefined> => {
        try {
            await client.call("post", "/api/racks/{rack_id}/release", { path: { rack_id: rackId }, body: { session_id: sessionId, reason } });
        } catch (fault) {
            return faultText(fault);
        }
        notify({ tone: "ok", text: text("rack.freed", { rack: rackId }) });
        onClose();
        return undefined;
    };
    return <ReasonDialog title={text("rack.free_title", { rack: rackId })} explain={text("rack.free_text", { name: name ?? "–" })} confirm={text("rack.free")} danger onClose={onClose} onSubmit={free} />;
}
