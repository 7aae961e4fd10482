import { addQuantities, type ConflictAction, type ConflictChoice, type DeviceConflict, isPassing, type OtherFigure, type Quantity, quantityFromNumber } from "@stockverify/client";
import { faultText } from "../../faults.js";
import { figure, quantityLabel, recentTime } from "../../i18n/format.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { client, currentUser, queue } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Loading } from "../../ui/loading.js";
import { ask } from "../../ui/dialog.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Banner, Chip, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { text } from "./texts.js";
import { workOf } from "./work-of.js";

/** In this order, whatever the server's. */
const order: readonly ConflictAction[] = ["keep_mine", "merge", "keep_server"];

/** Two figures where one belongs: both are kept until somebody decides. What may be done is the server's to say, so only on line. */
export function ConflictsPage() {
    const { conflicts: open } = queue.value;
    const loaded = useLoad(() => client.conflicts(), [open]);
    const choices = useLoad(() => client.conflictChoices(), [open]);
    const decided = async (): Promise<void> => {
        await loaded.reload();
        await choices.reload();
    };
    return (
        <Page title={text("conflicts.title")} back={pathTo("/unsent")}>
            <Loading of={loaded}>
                {(conflicts) =>
                    conflicts.length === 0 ? (
                        <EmptyState icon="check" title={text("conflicts.none")} text={text("conflicts.none_text")} />
                    ) : (
                        <div class="stack">
                            {choices.fault !== undefined && (
                                <Banner tone="info" icon="offline">
                                    {isPassing(choices.fault) ? text("conflicts.offline") : faultText(choices.fault)}
                                </Banner>
                            )}
                            {conflicts.map((conflict) => (
                                <Conflict key={conflict.conflict_id} conflict={conflict} choice={choices.data?.get(conflict.conflict_id)} onDecided={decided} />
                            ))}
                        </div>
                    )
                }
            </Loading>
        </Page>
    );
}

interface ConflictProps {
    conflict: DeviceConflict;
    /** Not there yet, or not to be had without network. */
    choice: ConflictChoice | undefined;
    onDecided: () => Promise<void>;
}

function Conflict({ conflict, choice, onDecided }: ConflictProps) {
    const { record, type, holder } = conflict;
    const work = workOf(conflict.session_id);
    const item = work?.itemOf(record.item_code ?? "");
    const unit = item?.uom ?? record.uom ?? choice?.other?.uom ?? null;
    const decide = async (action: ConflictAction, label: string): Promise<void> => {
        if (!(await ask({ title: label, text: text("conflicts.sure"), confirm: text("conflicts.sure_yes") }))) return;
        try {
            await client.resolveConflict(conflict.conflict_id, action);
            notify({ tone: "ok", text: text("conflicts.decided") });
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
        await onDecided();
    };
    const actions = order.filter((action) => choice?.actions.includes(action) === true);
    const other = choice?.other ?? null;
    const sum = sumOf(record.verified_qty, other?.verified_qty);
    const labelOf = (action: ConflictAction): string => (action === "merge" && sum !== undefined ? text("conflicts.merge_sum", { n: unit === null ? quantityLabel(sum) : `${quantityLabel(sum)} ${unit}` }) : text(`conflicts.${action}`));
    return (
        <section class="card stack">
            <div class="row-apart">
                <strong>{item?.item_name == null ? <Code>{record.item_code ?? record.client_record_id}</Code> : <Data>{item.item_name}</Data>}</strong>
                <Chip tone="warn" icon="conflict">{text(`conflicts.${type}`)}</Chip>
            </div>
            <p>{holder === undefined || holder.user_id === currentUser()?.user_id ? text(`conflicts.${type}_text`) : text("conflicts.with", { name: holder.full_name ?? holder.user_id })}</p>
            <div class="versus">
                <Side label={text("conflicts.mine")} place={work?.rack.rack_id ?? null} at={record.updated_at} quantity={record.verified_qty} unit={unit} />
                {other !== null && <Other other={other} unit={unit} />}
            </div>
            {actions.length > 0 && (
                <div class="stack-tight">
                    {actions.map((action) => (
                        <Button key={action} wide onClick={() => decide(action, labelOf(action))}>
                            {labelOf(action)}
                        </Button>
                    ))}
                </div>
            )}
            {choice !== undefined && !actions.includes("keep_mine") && <p class="small soft">{text(actions.length > 0 ? "conflicts.or_waits" : "conflicts.waits")}</p>}
        </section>
    );
}

function sumOf(mine: number, other: number | null | undefined): Quantity | undefined {
    const [one, two] = [quantityFromNumber(mine), quantityFromNumber(other ?? Number.NaN)];
    return one === undefined || two === undefined ? undefined : addQuantities(one, two);
}

/** Whose, of which rack, and how much; in a blind count not how much. */
function Other({ other, unit }: { other: OtherFigure; unit: string | null }) {
    const { is_mine, full_name, user_id, rack_id, updated_at, verified_qty } = other;
    const label = is_mine ? text("conflicts.mine_before") : text("conflicts.counted_by", { name: full_name ?? user_id ?? text("count.somebody") });
    return <Side label={label} place={rack_id} at={updated_at} quantity={verified_qty} unit={unit} />;
}

interface SideProps {
    label: string;
    place: string | null;
    at: string | null | undefined;
    quantity: number | null;
    unit: string | null;
}

function Side({ label, place, at, quantity, unit }: SideProps) {
    return (
        <div class="versus-side">
            <span class="soft">{label}</span>
            {quantity === null ? (
                <span class="small">{text("conflicts.hidden")}</span>
            ) : (
                <strong class="tile-value">
                    {figure(quantity)} {unit !== null && <small translate={false}>{unit}</small>}
                </strong>
            )}
            <span class="small soft">
                {place !== null && <Code>{place}</Code>}
                {place !== null && at != null && " · "}
                {at != null && <time translate={false}>{recentTime(at)}</time>}
            </span>
        </div>
    );
}
