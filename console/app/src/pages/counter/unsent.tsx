import type { DeviceRecord } from "@stockverify/client";
import { refusalText } from "../../faults.js";
import { clockTime, figure, recentTime } from "../../i18n/format.js";
import { saveAs } from "../../links.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { client, queue } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { Progress } from "../../ui/figures.js";
import { Icon } from "../../ui/icon.js";
import { Page } from "../../ui/page.js";
import { Banner } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { keptHere, queueText } from "./queue-state.js";
import { text } from "./texts.js";
import { workOf } from "./work-of.js";

async function exportFile(): Promise<void> {
    const rescue = await client.exportUnsent();
    const file = new File([JSON.stringify(rescue, null, 1)], `stockverify-${rescue.user.username}-${rescue.exported_at.slice(0, 10)}.json`, { type: "application/json" });
    // An installed app on iOS has no downloads: there it is handed on.
    if (navigator.canShare?.({ files: [file] }) === true && matchMedia("(display-mode: standalone)").matches) return navigator.share({ files: [file] }).catch(() => undefined);
    saveAs(file, file.name);
}

/** Before the phone is handed over: what is on it, what is on its way, and what a person must mend. */
export function UnsentPage() {
    const { all_safe, unsent, photos, unknown_items, finishes, sending, progress, problem, last_sent, next_try, refused, conflicts } = queue.value;
    const list = useLoad(() => client.refused(), [refused]);
    return (
        <Page title={text("unsent.title")}>
            <div class="stack">
                <section class="card stack">
                    <div class="row">
                        <span class={`sign ${all_safe ? "tone-ok" : "tone-info"}`}>
                            <Icon name={all_safe ? "check" : "upload"} />
                        </span>
                        <div class="grow">
                            <h2>{queueText()}</h2>
                            <div class="small soft">
                                {problem !== null && !all_safe && text(`queue.${problem}`)}
                                {problem !== null && next_try !== null && !all_safe && " · "}
                                {next_try !== null && !all_safe && text("unsent.next_try", { time: clockTime(next_try) })}
                                {all_safe && last_sent !== null && text("queue.safe_at", { time: recentTime(last_sent) })}
                            </div>
                        </div>
                    </div>
                    {sending && progress.total > 0 && <Progress share={progress.done / progress.total} label={queueText()} />}
                    {!all_safe && (
                        <dl class="facts">
                            <Fact label={text("unsent.records")} value={unsent} />
                            <Fact label={text("unsent.photos")} value={photos} />
                            <Fact label={text("unsent.unknown")} value={unknown_items} />
                            <Fact label={text("unsent.finishes")} value={finishes} />
                        </dl>
                    )}
                    {!all_safe && (
                        <Button kind="primary" icon="upload" wide onClick={() => client.sync().catch(() => undefined)}>
                            {text("unsent.now")}
                        </Button>
                    )}
                </section>
                {conflicts > 0 && <Banner tone="warn" icon="conflict" title={text("home.conflicts", { n: conflicts })} action={<Button href={pathTo("/conflicts")}>{text("home.look")}</Button>} />}
                {(list.data ?? []).length > 0 && (
                    <section class="stack-tight">
                        <h2>{text("unsent.refused")}</h2>
                        <p class="small soft">{text("unsent.refused_text")}</p>
                        <ul class="list">
                            {list.data?.map((record) => <Refused key={record.record.client_record_id} record={record} onGone={list.reload} />)}
                        </ul>
                    </section>
                )}
                {(keptHere() > 0 || refused > 0) && (
                    <section class="card stack">
                        <p class="small soft">{text("unsent.export_text")}</p>
                        <Button icon="download" onClick={exportFile}>{text("unsent.export")}</Button>
                    </section>
                )}
            </div>
        </Page>
    );
}

function Fact({ label, value }: { label: string; value: number }) {
    if (value === 0) return null;
    return (
        <div class="row-apart">
            <dt class="soft">{label}</dt>
            <dd class="number">{value}</dd>
        </div>
    );
}

function Refused({ record, onGone }: { record: DeviceRecord; onGone: () => Promise<void> }) {
    const { session_id, item_code, client_record_id, lot } = record.record;
    const item = workOf(session_id)?.itemOf(item_code ?? "");
    const takeBack = async (): Promise<void> => {
        if (!(await ask({ title: text("item.remove"), text: text("item.remove_text"), confirm: text("item.remove_yes"), danger: true }))) return;
        await client.void(session_id, client_record_id);
        await onGone();
    };
    return (
        <li class="refused">
            <div class="row-apart">
                <strong>{item?.item_name == null ? <Code>{item_code ?? client_record_id}</Code> : <Data>{item.item_name}</Data>}</strong>
                <span class="number">{figure(record.record.verified_qty)} {item?.uom != null && <small class="soft" translate={false}>{item.uom}</small>}</span>
            </div>
            <p class="small">
                <Icon name="stop" class="inline-icon" /> {record.refusal !== undefined && refusalText(record.refusal)}
            </p>
            <div class="row">
                {item_code !== undefined && (
                    <Button kind="soft" icon="edit" href={`${pathTo("/count", session_id, "item", item_code)}${lot == null ? "" : `?lot=${encodeURIComponent(lot)}`}`}>{text("unsent.correct")}</Button>
                )}
                <Button kind="plain" icon="trash" onClick={takeBack}>{text("unsent.drop")}</Button>
            </div>
        </li>
    );
}
