import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { number } from "../../i18n/format.js";
import { shellText } from "../../i18n/shell.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { TextField } from "../../ui/field.js";
import { Progress } from "../../ui/figures.js";
import { Banner } from "../../ui/surface.js";
import { acceptFault, acceptLines, type AcceptVerdict, isBelow } from "./accepting.js";
import type { ReviewLine } from "./kinds.js";
import { limitOf } from "./scope.js";
import { text } from "./texts.js";
import { walkPages } from "./walk.js";

/** Accepts every line that differs by no more than so much: found first, counted, and then accepted as they were found. */
export function AcceptBelow({ countId, onClose, onDone }: { countId: string; onClose: () => void; onDone: () => Promise<void> }) {
    const [typed, setTyped] = useState({ percent: "2", quantity: "", value: "" });
    const [found, setFound] = useState<readonly ReviewLine[] | null>(null);
    const [done, setDone] = useState<number | null>(null);
    const [verdicts, setVerdicts] = useState<readonly AcceptVerdict[] | null>(null);
    const [fault, setFault] = useState<string | undefined>(undefined);
    const type = (name: keyof typeof typed, value: string): void => {
        setTyped({ ...typed, [name]: value });
        setFound(null);
    };
    const find = async (): Promise<void> => {
        const percent = limitOf(typed.percent);
        const quantity = limitOf(typed.quantity);
        const value = limitOf(typed.value);
        if (percent === undefined || quantity === undefined || value === undefined) return setFault(text("open.fault.limit"));
        if (percent === null && quantity === null && value === null) return setFault(text("below.fault.none"));
        setFault(undefined);
        try {
            const { rows } = await walkPages((cursor) => client.call("get", "/api/sessions/{id}/review", { path: { id: countId }, query: { state: "undecided", limit: 500, ...(cursor === undefined ? {} : { cursor }) } }), () => false);
            setFound(rows.filter((line) => isBelow(line, { percent, quantity, value })));
        } catch (reason) {
            setFault(faultText(reason));
        }
    };
    const accept = async (): Promise<void> => {
        if (found === null) return;
        setDone(0);
        try {
            setVerdicts(await acceptLines(client, countId, found, setDone));
            await onDone();
        } catch (reason) {
            setFault(faultText(reason));
        } finally {
            setDone(null);
        }
    };
    return (
        <Dialog
            title={text("below.title")}
            onClose={onClose}
            actions={
                verdicts !== null ? (
                    <Button kind="primary" onClick={onClose}>{shellText("done")}</Button>
                ) : (
                    <>
                        {found === null ? (
                            <Button kind="primary" icon="search" onClick={find}>{text("below.find")}</Button>
                        ) : (
                            <Button kind="primary" icon="check" disabled={found.length === 0} onClick={accept}>{text("below.accept", { n: found.length })}</Button>
                        )}
                        <Button onClick={onClose}>{shellText("cancel")}</Button>
                    </>
                )
            }
        >
            {verdicts !== null ? (
                <Outcome verdicts={verdicts} />
            ) : (
                <>
                    <p>{text("below.text")}</p>
                    <div class="three">
                        <TextField label={text("open.limit.percent")} value={typed.percent} onInput={(value) => type("percent", value)} inputMode="decimal" />
                        <TextField label={text("open.limit.quantity")} value={typed.quantity} onInput={(value) => type("quantity", value)} inputMode="decimal" />
                        <TextField label={text("open.limit.value")} value={typed.value} onInput={(value) => type("value", value)} inputMode="decimal" />
                    </div>
                    {found !== null && <p role="status"><strong>{text("below.found", { n: found.length })}</strong></p>}
                    {done !== null && <Progress share={found === null || found.length === 0 ? 0 : done / found.length} label={text("below.accepting", { done, total: found?.length ?? 0 })} />}
                </>
            )}
            {fault !== undefined && <Banner tone="bad">{fault}</Banner>}
        </Dialog>
    );
}

/** What became of them: how many are accepted, and of the others why not. */
function Outcome({ verdicts }: { verdicts: readonly AcceptVerdict[] }) {
    const refused = new Map<string, number>();
    for (const { code } of verdicts) if (code !== null) refused.set(code, (refused.get(code) ?? 0) + 1);
    return (
        <div class="stack-tight">
            <Banner tone="ok" title={text("below.accepted", { n: verdicts.filter(({ code }) => code === null).length })} />
            {[...refused].map(([code, n]) => {
                const known = acceptFault(code);
                return (
                    <Banner key={code} tone="warn" title={text("below.refused", { n })}>
                        {known === null ? number(n) : text(`accept.${known}`)}
                    </Banner>
                );
            })}
        </div>
    );
}
