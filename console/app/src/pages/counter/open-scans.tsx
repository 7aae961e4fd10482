import { Button } from "../../ui/button.js";
import { Icon } from "../../ui/icon.js";
import { Code } from "../../ui/text.js";
import { askedCode, Times } from "./last-outcome.js";
import type { OpenScan, RackWork } from "./rack-work.js";
import { text } from "./texts.js";

/** How many scans of a rack still need a person's answer. */
export const openTimes = (work: RackWork): number => work.open.value.reduce((sum, { times }) => sum + times, 0);

/** Scans that count for nothing before somebody says what they are: who scanned on past the question finds it here. */
export function OpenScans({ work, onAsk }: { work: RackWork; onAsk: (open: OpenScan) => unknown }) {
    // What is asked about above is not told twice.
    const asked = askedCode(work.rack.session_id);
    const open = work.open.value.filter(({ code }) => code !== asked);
    if (open.length === 0) return null;
    return (
        <section class="card stack-tight">
            <h2 class="row">
                <Icon name="warning" />
                {text("count.open", { n: open.reduce((sum, { times }) => sum + times, 0) })}
            </h2>
            <p class="small soft">{text("count.open_text")}</p>
            <ul class="list">
                {open.map((each) => (
                    <li key={each.code} class="list-row open-scan">
                        <span class="grow">
                            <Code>{each.code}</Code>
                            <Times n={each.times} />
                        </span>
                        <Button kind="soft" onClick={() => onAsk(each)}>{text("count.open_count")}</Button>
                        <Button kind="plain" icon="close" label={text("count.open_drop")} onClick={() => work.dropOpen(each.code)} />
                    </li>
                ))}
            </ul>
        </section>
    );
}
