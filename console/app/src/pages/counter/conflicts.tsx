import type { DeviceConflict } from "@stockverify/client";
import { faultText } from "../../faults.js";
import { figure } from "../../i18n/format.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { client, queue } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { text } from "./texts.js";
import { workOf } from "./work-of.js";

/** Who may decide: some conflicts are their owner's, others wait for a supervisor. */
const ownChoices: { readonly [type: string]: readonly ("keep_mine" | "keep_server" | "merge")[] } = {
    duplicate_count: ["keep_mine", "merge", "keep_server"],
    duplicate_serial: ["keep_mine", "keep_server"],
    stale_update: ["keep_mine", "keep_server"],
    lock_lost: ["keep_server"],
    session_closed: ["keep_server"],
    foreign_record: [],
    rescued: [],
};

/** Two figures where one belongs: both are kept until somebody decides. */
export function ConflictsPage() {
    const loaded = useLoad(() => client.conflicts(), [queue.value.conflicts]);
    return (
        <Page title={text("conflicts.title")} back={pathTo("/unsent")}>
            <Loading of={loaded}>
                {(conflicts) =>
                    conflicts.length === 0 ? (
                        <EmptyState icon="check" title={text("conflicts.none")} text={text("conflicts.none_text")} />
                    ) : (
                        <div class="stack">
                            {conflicts.map((conflict) => <Conflict key={conflict.conflict_id} conflict={conflict} onDecided={loaded.reload} />)}
                        </div>
                    )
                }
            </Loading>
        </Page>
    );
}

function Conflict({ conflict, onDecided }: { conflict: DeviceConflict; onDecided: () => Promise<void> }) {
    const { record, type } = conflict;
    const work = workOf(conflict.session_id);
    const item = work?.itemOf(record.item_code ?? "");
    const decide = async (action: "keep_mine" | "keep_server" | "merge"): Promise<void> => {
        try {
            await client.resolveConflict(conflict.conflict_id, action);
            notify({ tone: "ok", text: text("conflicts.decided") });
            await onDecided();
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    const choices = ownChoices[type] ?? [];
    return (
        <section class="card stack">
            <div class="row-apart">
                <strong>{item?.item_name == null ? <Code>{record.item_code ?? record.client_record_id}</Code> : <Data>{item.item_name}</Data>}</strong>
                <Chip tone="warn" icon="conflict">{text(`conflicts.${type}`)}</Chip>
            </div>
            <p>{conflict.holder === undefined ? text(`conflicts.${type}_text`) : text("conflicts.with", { name: conflict.holder.full_name ?? conflict.holder.user_id })}</p>
            <div class="row-apart">
                <span class="soft">
                    {text("conflicts.mine")} {work !== null && text("conflicts.on_rack", { rack: work.rack.rack_id })}
                </span>
                <strong class="tile-value">
                    {figure(record.verified_qty)} {item?.uom != null && <small translate={false}>{item.uom}</small>}
                </strong>
            </div>
            {choices.length > 0 && (
                <div class="stack-tight">
                    {choices.map((action, index) => (
                        <Button key={action} kind={index === 0 && choices.length > 1 ? "primary" : "default"} wide onClick={() => decide(action)}>
                            {text(`conflicts.${action}`)}
                        </Button>
                    ))}
                </div>
            )}
            {choices.length < 2 && <p class="small soft">{text("conflicts.waits")}</p>}
        </section>
    );
}
