import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { shellText } from "../../i18n/shell.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Check } from "../../ui/field.js";
import { notify } from "../../ui/notices.js";
import { Banner } from "../../ui/surface.js";
import { text } from "./texts.js";

interface RecountDialogProps {
    countId: string;
    racks?: readonly string[];
    items?: readonly string[];
    onClose: () => void;
    onDone: () => Promise<void>;
}

/** Racks, or items wherever they were counted, are to be counted again: by others, unless that is said otherwise. */
export function RecountDialog({ countId, racks, items, onClose, onDone }: RecountDialogProps) {
    const [differentUser, setDifferentUser] = useState(true);
    const [fault, setFault] = useState<string | undefined>(undefined);
    const askFor = async (withdraw: boolean): Promise<void> => {
        try {
            await client.call("post", "/api/sessions/{id}/recounts", {
                path: { id: countId },
                body: { ...(racks === undefined ? {} : { racks: [...racks] }), ...(items === undefined ? {} : { item_codes: [...items] }), ...(withdraw ? { withdraw: true } : { different_user: differentUser }) },
            });
            notify({ tone: "ok", text: text(withdraw ? "recount.withdrawn" : "recount.asked") });
            await onDone();
        } catch (reason) {
            setFault(faultText(reason));
        }
    };
    return (
        <Dialog
            title={racks === undefined ? text("recount.title_items", { n: items?.length ?? 0 }) : text("recount.title_racks", { n: racks.length })}
            onClose={onClose}
            actions={
                <>
                    <Button kind="primary" icon="sync" onClick={() => askFor(false)}>{text("recount.ask")}</Button>
                    <Button onClick={() => askFor(true)}>{text("recount.withdraw")}</Button>
                    <Button kind="plain" onClick={onClose}>{shellText("cancel")}</Button>
                </>
            }
        >
            <p>{text("recount.text")}</p>
            <Check label={text("recount.different_user")} checked={differentUser} onChange={setDifferentUser} />
            {fault !== undefined && <Banner tone="bad">{fault}</Banner>}
        </Dialog>
    );
}
