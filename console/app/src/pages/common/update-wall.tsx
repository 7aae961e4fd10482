import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { shellText } from "../../i18n/shell.js";
import { base, pathTo } from "../../paths.js";
import { client, queue } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Page } from "../../ui/page.js";
import { Banner, EmptyState } from "../../ui/surface.js";
import { fetchUpdate, type UpdateOutcome } from "../../updates.js";

/** Where people may still be: what they have in hand is finished there, and sent. */
const open = ["/unsent", "/conflicts"];

/** Whether a build that the server does not take any more leaves this page to the person: counting, and what has to go before the update. */
export const staysOpen = (path: string, bare: boolean): boolean => bare || open.includes(path.slice(base.length));

export function UpdateBanner() {
    return (
        <Banner tone="warn" title={shellText("update.needed")}>
            {shellText("update.finish_first")}
        </Banner>
    );
}

/** First everything is sent, then an update is insisted on. */
export function UpdateWall() {
    const { unsent, lines, unknown_items, photos, finishes, refused, sending } = queue.value;
    const toSend = unsent + lines + unknown_items + photos + finishes;
    return (
        <Page title={shellText("update.needed")}>
            <div class="stack">
                <EmptyState
                    icon="download"
                    title={shellText("update.needed")}
                    text={toSend > 0 ? shellText("update.needed_text") : shellText("update.safe")}
                    action={toSend > 0 ? <Send n={toSend} sending={sending} /> : <Update />}
                />
                {refused > 0 && <Banner tone="warn" title={shellText("update.refused", { n: refused })} action={<Button href={pathTo("/unsent")}>{shellText("update.look")}</Button>} />}
            </div>
        </Page>
    );
}

function Send({ n, sending }: { n: number; sending: boolean }) {
    return (
        <div class="stack">
            <p role="status">{shellText("update.sending", { n })}</p>
            <Button kind="primary" size="large" icon="upload" busy={sending} onClick={() => client.sync().catch(() => undefined)}>
                {shellText("update.send")}
            </Button>
            <Button kind="plain" href={pathTo("/unsent")}>{shellText("update.look")}</Button>
        </div>
    );
}

function Update() {
    const [outcome, setOutcome] = useState<UpdateOutcome | null>(null);
    const [fault, setFault] = useState<string | null>(null);
    const update = async (): Promise<void> => {
        setFault(null);
        try {
            setOutcome(await fetchUpdate());
        } catch (reason) {
            setFault(faultText(reason));
        }
    };
    return (
        <div class="stack">
            <Button kind="primary" size="large" icon="download" onClick={update}>{shellText("update.now")}</Button>
            {fault !== null && <Banner tone="warn">{fault}</Banner>}
            {outcome === "none" && <Banner tone="info" action={<Button icon="sync" onClick={() => location.reload()}>{shellText("retry")}</Button>}>{shellText("update.none")}</Banner>}
            {outcome === "counting" && <Banner tone="warn">{shellText("update.counting")}</Banner>}
        </div>
    );
}
