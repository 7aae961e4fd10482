import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { shellText } from "../../i18n/shell.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { TextArea } from "../../ui/field.js";
import { Banner } from "../../ui/surface.js";
import { text } from "./texts.js";

interface ReasonDialogProps {
    title: string;
    explain?: string;
    label?: string;
    confirm: string;
    danger?: boolean;
    maxLength?: number;
    onClose: () => void;
    /** What went wrong, for the person; nothing where it went well. */
    onSubmit: (reason: string) => Promise<string | undefined>;
    children?: ComponentChildren;
}

/** Something that is done for a reason, which is kept. */
export function ReasonDialog({ title, explain, label, confirm, danger = false, maxLength = 500, onClose, onSubmit, children }: ReasonDialogProps) {
    const [reason, setReason] = useState("");
    const [fault, setFault] = useState<string | undefined>(undefined);
    const submit = async (): Promise<void> => {
        if (reason.trim() === "") return setFault(text("reason.needed"));
        setFault(undefined);
        setFault(await onSubmit(reason.trim()));
    };
    return (
        <Dialog
            title={title}
            onClose={onClose}
            actions={
                <>
                    <Button kind={danger ? "danger" : "primary"} onClick={submit}>{confirm}</Button>
                    <Button onClick={onClose}>{shellText("cancel")}</Button>
                </>
            }
        >
            {explain !== undefined && <p>{explain}</p>}
            {children}
            <TextArea label={label ?? text("reason.label")} value={reason} onInput={setReason} maxLength={maxLength} />
            {fault !== undefined && <Banner tone="bad">{fault}</Banner>}
        </Dialog>
    );
}
