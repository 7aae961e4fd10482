import type { Scan } from "@stockverify/client";
import { useLoad } from "../../load.js";
import { Icon } from "../../ui/icon.js";
import { askCode, type Match } from "./ask-server.js";
import { ItemName } from "./item-name.js";
import { isPractice } from "./practice.js";
import type { Outcome, RackWork } from "./rack-work.js";
import { text } from "./texts.js";

interface CodeMatchesProps {
    work: RackWork;
    scan: Scan;
    onOutcome: (outcome: Outcome) => void;
}

/** What the server knows of a code that no list on this device has: one tap counts it. Without network nothing is offered. */
export function CodeMatches({ work, scan, onOutcome }: CodeMatchesProps) {
    const asks = !isPractice(work.rack.session_id);
    const { data: answer, loading } = useLoad(async (signal) => (asks ? askCode(scan.text, signal) : null), [scan.text]);
    if (loading && asks)
        return (
            <p class="small soft" role="status">
                {text("count.asking")}
            </p>
        );
    if (answer == null) return null;
    const choose = ({ item, pack }: Match): void => {
        work.meet({ item, code: scan.text, pack });
        void work.choose(item, scan).then(onOutcome);
    };
    return (
        <section class="stack-tight" aria-live="polite">
            <p class="small">{text(answer.matches.length === 0 ? "count.nobody" : answer.isExact ? "count.server_knows" : "count.is_it")}</p>
            {answer.matches.length > 0 && (
                <ul class="list">
                    {answer.matches.map((match) => (
                        <li key={match.item.item_code}>
                            <button type="button" class="list-row" onClick={() => choose(match)}>
                                <ItemName item={match.item} />
                                {match.pack !== null && (
                                    <span class="soft" translate={false}>
                                        {match.pack.uom} × {match.pack.factor}
                                    </span>
                                )}
                                <Icon name="plus" />
                            </button>
                        </li>
                    ))}
                </ul>
            )}
        </section>
    );
}
