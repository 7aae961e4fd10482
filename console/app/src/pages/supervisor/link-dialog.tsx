import { useState } from "preact/hooks";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { TextField } from "../../ui/field.js";
import { Segments } from "../../ui/segments.js";
import { Banner } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { text as decideText } from "./decide-texts.js";
import { ItemSearch } from "./item-search.js";
import type { UnknownItem } from "./kinds.js";

interface LinkDialogProps {
    find: UnknownItem;
    onClose: () => void;
    onLink: (item: string) => Promise<string | undefined>;
    onCreate: (item: string, name: string) => Promise<string | undefined>;
}

/** Says what a find is: an item that is known, or a new one. */
export function LinkDialog({ find, onClose, onLink, onCreate }: LinkDialogProps) {
    const [how, setHow] = useState<"link" | "create">("link");
    const [code, setCode] = useState(find.code ?? "");
    const [name, setName] = useState(find.name ?? "");
    const [fault, setFault] = useState<string | undefined>(undefined);
    const create = async (): Promise<void> => {
        if (code.trim() === "" || name.trim() === "") return setFault(decideText("unknown.create_needs"));
        setFault(await onCreate(code.trim(), name.trim()));
    };
    return (
        <Dialog title={decideText("unknown.link_title")} onClose={onClose}>
            <p>
                {find.code !== null && <Code>{find.code}</Code>} {find.name !== null && <Data>{find.name}</Data>}
            </p>
            <Segments label={decideText("unknown.how")} value={how} options={[{ value: "link", label: decideText("unknown.how.link") }, { value: "create", label: decideText("unknown.how.create") }]} onChange={setHow} />
            {how === "link" ? (
                <ItemSearch first={find.name ?? find.code ?? ""} onPick={async (item) => setFault(await onLink(item))} />
            ) : (
                <>
                    <TextField label={decideText("unknown.code")} value={code} onInput={setCode} code maxLength={128} />
                    <TextField label={decideText("unknown.name")} value={name} onInput={setName} maxLength={256} />
                    <Button kind="primary" icon="plus" onClick={create}>{decideText("unknown.create")}</Button>
                </>
            )}
            {fault !== undefined && <Banner tone="bad">{fault}</Banner>}
        </Dialog>
    );
}
