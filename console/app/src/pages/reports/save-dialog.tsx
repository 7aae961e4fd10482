import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { shellText } from "../../i18n/shell.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { TextArea, TextField } from "../../ui/field.js";
import { Banner } from "../../ui/surface.js";
import type { Schema } from "./api-types.js";
import { text } from "./texts.js";

interface SaveDialogProps {
    saved: Schema<"SavedQuery"> | null;
    onSave: (name: string, description: string, isNew: boolean) => Promise<void>;
    onClose: () => void;
}

/** Keeps a query under a name that all supervisors see. */
export function SaveDialog({ saved, onSave, onClose }: SaveDialogProps) {
    const [name, setName] = useState(saved?.name ?? "");
    const [description, setDescription] = useState(saved?.description ?? "");
    const [fault, setFault] = useState<unknown>(undefined);
    const run = async (isNew: boolean): Promise<void> => {
        try {
            await onSave(name.trim(), description.trim(), isNew);
        } catch (failed) {
            setFault(failed);
        }
    };
    const isNamed = name.trim() !== "";
    return (
        <Dialog
            title={text("builder.save")}
            onClose={onClose}
            actions={
                <>
                    <Button kind="primary" disabled={!isNamed} onClick={() => run(saved === null)}>
                        {shellText("save")}
                    </Button>
                    {saved !== null && (
                        <Button disabled={!isNamed || name.trim() === saved.name} onClick={() => run(true)}>
                            {text("builder.save_new")}
                        </Button>
                    )}
                </>
            }
        >
            {fault !== undefined && <Banner tone="bad">{faultText(fault)}</Banner>}
            <TextField label={text("builder.name")} name="query-name" value={name} onInput={setName} maxLength={200} hint={text("builder.name_hint")} />
            <TextArea label={text("builder.description")} value={description} onInput={setDescription} maxLength={2000} />
        </Dialog>
    );
}
