import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { figure, number } from "../../i18n/format.js";
import { shellText } from "../../i18n/shell.js";
import { signedMoney } from "../../office-format.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { TextField } from "../../ui/field.js";
import { Progress } from "../../ui/figures.js";
import { Banner } from "../../ui/surface.js";
import { acceptFault, acceptLines, type AcceptVerdict, isBelow, worthOf } from "./accepting.js";
import type { ReviewLine } from "./kinds.js";
import { moneyLabel } from "./review-lines.js";
import { limitOf } from "./scope.js";
import { text } from "./texts.js";
import { walkPages } from "./walk.js";

/** Accepts every line that differs by no more than so much: found first, counted, and then accepted as they were found. */
export function AcceptBelow({ countId, currency, onClose, onDone }: { countId: string; currency: string | null; onClose: () => void; onDone: () => Promise<void> }) {
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
                        <TextField label={text("limit.percent")} value={typed.percent} onInput={(value) => type("percent", value)} inputMode="decimal" />
                        <TextField label={text("limit.quantity")} value={typed.quantity} onInput={(value) => type("quantity", value)} inputMode="decimal" />
                        <TextField label={currency === null ? text("limit.value_plain") : text("limit.value", { currency })} value={typed.value} onInput={(value) => type("value", value)} inputMode="decimal" />
                    </div>
                    <div role="status">{found !== null && <Found lines={found} currency={currency} />}</div>
                    {done !== null && <Progress share={found === null || found.length === 0 ? 0 : done / found.length} label={text("below.accepting", { done, total: found?.length ?? 0 })} />}
                </>
            )}
            {fault !== undefined && <Banner tone="bad">{fault}</Banner>}
        </Dialog>
    );
}

/** What would be accepted, before it is: how many lines, and what they come to. */
function Found({ lines, currency }: { lines: readonly ReviewLine[]; currency: string | null }) {
    const { quantities, net, gross, unvalued } = worthOf(lines);
    const told = quantities.map(({ uom, quantity }) => (uom === null ? figure(quantity) : `${figure(quantity)} ${uom}`)).join(" · ");
    return (
        <div class="stack-tight below-found">
            <strong>{text("below.found", { n: lines.length })}</strong>
            {lines.length > 0 && (
                <span>{unvalued === lines.length ? text("below.worth_unvalued", { quantities: told }) : text("below.worth", { quantities: told, net: signedMoney(net, currency), gross: moneyLabel(gross, currency) })}</span>
            )}
            {lines.length > 0 && unvalued > 0 && <span class="soft">{text("below.unvalued", { n: unvalued })}</span>}
        </div>
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
