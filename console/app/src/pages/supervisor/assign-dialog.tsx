import { useEffect, useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { shellText } from "../../i18n/shell.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { TextField } from "../../ui/field.js";
import { notify } from "../../ui/notices.js";
import { Banner, Skeleton } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { assignedAfter } from "./assignments.js";
import { askPeople, people } from "./people.js";
import { text } from "./texts.js";
import { walkPages } from "./walk.js";

interface AssignDialogProps {
    countId: string;
    warehouse: string | null;
    racks: readonly string[];
    onClose: () => void;
    onDone: () => Promise<void>;
}

/** Who shall count the chosen racks: shown first to them, a warning to others. */
export function AssignDialog({ countId, warehouse, racks, onClose, onDone }: AssignDialogProps) {
    const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
    const [search, setSearch] = useState("");
    const [fault, setFault] = useState<string | undefined>(undefined);
    useEffect(() => void askPeople(), []);
    const wanted = search.trim().toLowerCase();
    const here = [...people.value.values()].filter((person) => person.enabled && (warehouse === null || person.warehouse === null || person.warehouse === warehouse) && `${person.full_name} ${person.username}`.toLowerCase().includes(wanted));
    const save = async (users: readonly string[]): Promise<void> => {
        try {
            // What others assigned meanwhile stays: only these racks are changed.
            const { rows } = await walkPages((cursor) => client.call("get", "/api/sessions/{id}/racks", { path: { id: countId }, query: { limit: 500, ...(cursor === undefined ? {} : { cursor }) } }), () => false);
            await client.call("put", "/api/sessions/{id}/assignments", { path: { id: countId }, body: { assignments: assignedAfter(rows, racks, users) } });
            notify({ tone: "ok", text: text(users.length === 0 ? "assign.cleared" : "assign.saved") });
            await onDone();
        } catch (reason) {
            setFault(faultText(reason));
        }
    };
    return (
        <Dialog
            title={text("assign.title", { n: racks.length })}
            onClose={onClose}
            actions={
                <>
                    <Button kind="primary" icon="user" disabled={chosen.size === 0} onClick={() => save([...chosen])}>{text("assign.save")}</Button>
                    <Button onClick={() => save([])}>{text("assign.clear")}</Button>
                    <Button kind="plain" onClick={onClose}>{shellText("cancel")}</Button>
                </>
            }
        >
            <TextField label={text("assign.search")} type="search" value={search} onInput={setSearch} />
            {people.value.size === 0 ? (
                <Skeleton rows={3} height={48} />
            ) : (
                <ul class="list picker">
                    {here.slice(0, 100).map((person) => (
                        <li key={person.user_id}>
                            <label class="list-row">
                                <input
                                    type="checkbox"
                                    checked={chosen.has(person.user_id)}
                                    onChange={(event) => {
                                        const next = new Set(chosen);
                                        if (event.currentTarget.checked) next.add(person.user_id);
                                        else next.delete(person.user_id);
                                        setChosen(next);
                                    }}
                                />
                                <span class="grow"><Data>{person.full_name}</Data></span>
                                <Code>{person.username}</Code>
                            </label>
                        </li>
                    ))}
                    {here.length === 0 && <li class="list-row soft">{text("assign.nobody")}</li>}
                </ul>
            )}
            {fault !== undefined && <Banner tone="bad">{fault}</Banner>}
        </Dialog>
    );
}
