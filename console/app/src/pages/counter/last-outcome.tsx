import { signal } from "@preact/signals";
import { quantityText } from "@stockverify/client";
import { faultText } from "../../faults.js";
import { number, quantityLabel } from "../../i18n/format.js";
import { pathTo } from "../../paths.js";
import { Button } from "../../ui/button.js";
import { Icon } from "../../ui/icon.js";
import { Code, Data } from "../../ui/text.js";
import { CodeMatches } from "./matches.js";
import type { Outcome, RackWork } from "./rack-work.js";
import { text } from "./texts.js";

/** The last thing that happened on each rack: it stays in sight until the next. */
const lastOutcome = signal<{ sessionId: string; outcome: Outcome; isSet: boolean } | null>(null);

export function tellOutcome(sessionId: string, outcome: Outcome, isSet = false): void {
    lastOutcome.value = { sessionId, outcome, isSet };
}

/** The code that is being asked about on this rack, if there is one. */
export function askedCode(sessionId: string): string | null {
    const last = lastOutcome.value;
    return last?.sessionId === sessionId && last.outcome.kind === "unknown" ? last.outcome.scan.text : null;
}

/** "+1 → 7" and "set 7" look and read differently; what went wrong says what to do. */
export function LastOutcome({ work, onOutcome }: { work: RackWork; onOutcome: (outcome: Outcome) => void }) {
    const sessionId = work.rack.session_id;
    const last = lastOutcome.value;
    if (last === null || last.sessionId !== sessionId)
        return (
            <div class="last last-empty">
                <Icon name="scan" />
                <span>{text("count.ready")}</span>
            </div>
        );
    const { outcome, isSet } = last;
    switch (outcome.kind) {
        case "counted":
            return (
                <a class="last tone-ok" aria-live="polite" href={pathTo("/count", sessionId, "item", outcome.item.item_code)}>
                    <span class="grow">
                        <strong>
                            <Data>{outcome.item.item_name ?? outcome.item.item_code}</Data>
                        </strong>
                        <span class="small">{outcome.added === null || isSet ? text("count.set_to") : text("count.added", { n: quantityLabel(outcome.added) })}</span>
                    </span>
                    <span class="last-total" key={quantityText(outcome.total)}>
                        {quantityLabel(outcome.total)}
                        {outcome.item.uom !== null && <small translate={false}>{outcome.item.uom}</small>}
                    </span>
                </a>
            );
        case "repeated":
            return (
                <div class="last tone-warn" role="status">
                    <span class="grow">
                        <strong>{text("count.repeated")}</strong>
                        <Code>{outcome.serial}</Code>
                    </span>
                </div>
            );
        case "unknown":
            return (
                <>
                    <div class="last tone-warn" role="alert">
                        <span class="grow">
                            <strong>{text("count.unknown")}</strong>
                            <span>
                                <Code>{outcome.scan.text}</Code>
                                <Times n={work.open.value.find(({ code }) => code === outcome.scan.text)?.times ?? 1} />
                            </span>
                        </span>
                        <Button href={`${pathTo("/count", sessionId, "unknown")}?code=${encodeURIComponent(outcome.scan.text)}`}>{text("count.unknown_go")}</Button>
                    </div>
                    <CodeMatches key={outcome.scan.text} work={work} scan={outcome.scan} onOutcome={onOutcome} />
                </>
            );
        case "taken_back":
            return (
                <a class="last tone-info" aria-live="polite" href={pathTo("/count", sessionId, "item", outcome.item.item_code)}>
                    <Icon name="undo" />
                    <span class="grow">
                        <strong>
                            <Data>{outcome.item.item_name ?? outcome.item.item_code}</Data>
                        </strong>
                        <span class="small">{text("count.taken_back")}{outcome.total === null && <> · {text("count.uncounted_again")}</>}</span>
                    </span>
                    {outcome.total !== null && (
                        <span class="last-total">
                            {quantityLabel(outcome.total)}
                            {outcome.item.uom !== null && <small translate={false}>{outcome.item.uom}</small>}
                        </span>
                    )}
                </a>
            );
        case "over":
            return (
                <div class="last tone-bad" role="alert">
                    <Icon name="stop" />
                    <strong class="grow">{text("count.over")}</strong>
                </div>
            );
        case "failed":
            return (
                <div class="last tone-bad" role="alert">
                    <Icon name="stop" />
                    <span class="grow">{faultText(outcome.fault)}</span>
                </div>
            );
        default:
            return (
                <div class="last tone-info" role="status">
                    <span class="grow">{text("count.asks")}</span>
                </div>
            );
    }
}

/** How often it was scanned, where that was more than once. */
export function Times({ n }: { n: number }) {
    return n > 1 ? <strong class="number"> × {number(n)}</strong> : null;
}
