import { recentTime } from "../../i18n/format.js";
import { pathTo } from "../../paths.js";
import { queue } from "../../session.js";
import { Icon } from "../../ui/icon.js";
import { Progress } from "../../ui/figures.js";
import { text } from "./texts.js";

/** Everything that is on this device alone. */
export function keptHere(): number {
    const { unsent, lines, unknown_items, photos, finishes } = queue.value;
    return unsent + unknown_items + photos + finishes + (unsent === 0 ? lines : 0);
}

/** What is here and what is safe there, in a line. */
export function queueText(): string {
    const { all_safe, last_sent, sending, progress } = queue.value;
    if (sending && progress.total > 0) return text("queue.sending", { done: progress.done, total: progress.total });
    if (all_safe) return text("queue.safe");
    const n = keptHere();
    return last_sent === null ? text("queue.kept", { n }) : text("queue.kept_at", { n, time: recentTime(last_sent) });
}

/** The state of sending, which leads to its page. */
export function QueueCard() {
    const { all_safe, sending, progress, problem, last_sent } = queue.value;
    return (
        <a class="card card-link" href={pathTo("/unsent")}>
            <div class="row">
                <span class={`sign ${all_safe ? "tone-ok" : problem === "no_network" ? "tone-warn" : "tone-info"}`}>
                    <Icon name={all_safe ? "check" : problem === "no_network" ? "offline" : "upload"} />
                </span>
                <div class="grow">
                    <strong>{queueText()}</strong>
                    <div class="small soft">{problem !== null && !all_safe ? text(`queue.${problem}`) : all_safe && last_sent !== null ? text("queue.safe_at", { time: recentTime(last_sent) }) : ""}</div>
                </div>
                <Icon name="next" class="soft" />
            </div>
            {sending && progress.total > 0 && <Progress share={progress.done / progress.total} label={queueText()} />}
        </a>
    );
}
