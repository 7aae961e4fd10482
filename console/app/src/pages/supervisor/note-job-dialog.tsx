import { useEffect, useState } from "preact/hooks";
import { shellText } from "../../i18n/shell.js";
import { awaitJob } from "../../jobs.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { TextArea } from "../../ui/field.js";
import { Progress } from "../../ui/figures.js";
import { Banner } from "../../ui/surface.js";
import { useJob } from "./job.js";
import type { Job } from "./kinds.js";
import { text } from "./texts.js";

/** How a request went: what it made, a job that makes it, or what was wrong. */
export type Outcome = { done: string } | { job: Job } | { fault: string };

interface NoteJobDialogProps {
    title: string;
    explain: string;
    confirm: string;
    working: string;
    begin: (note: string) => Promise<Outcome>;
    /** Why the job gave up, where the code is known here. */
    refusal: (code: string) => string | null;
    onClose: () => void;
    onFailed: () => Promise<void>;
    /** With the id of what was made. */
    onDone: (id: string) => void;
}

/** Asks for a note, begins a job, and follows it. */
export function NoteJobDialog({ title, explain, confirm, working, begin, refusal, onClose, onFailed, onDone }: NoteJobDialogProps) {
    const [note, setNote] = useState("");
    const [fault, setFault] = useState<string | undefined>(undefined);
    const [started, setStarted] = useState<Job | null>(null);
    const job = useJob(started, (ended) => {
        if (ended.status === "succeeded" && ended.resource !== null) return onDone(ended.resource.id);
        setStarted(null);
        setFault(ended.error === null ? text("job.cancelled") : (refusal(ended.error.code) ?? text("job.failed", { message: ended.error.message })));
        void onFailed();
    });
    // Its end is told here, and by no notice besides.
    useEffect(() => (started === null ? undefined : awaitJob(started.job_id)), [started]);
    const submit = async (): Promise<void> => {
        if (note.trim() === "") return setFault(text("reason.needed"));
        setFault(undefined);
        const outcome = await begin(note.trim());
        if ("done" in outcome) onDone(outcome.done);
        else if ("job" in outcome) setStarted(outcome.job);
        else setFault(outcome.fault);
    };
    const progress = job?.progress ?? null;
    return (
        <Dialog
            title={title}
            onClose={onClose}
            actions={
                <>
                    <Button kind="primary" icon="flag" busy={started !== null} disabled={started !== null} onClick={submit}>{confirm}</Button>
                    <Button onClick={onClose}>{started === null ? shellText("cancel") : shellText("close")}</Button>
                </>
            }
        >
            <p>{explain}</p>
            {started === null ? (
                <TextArea label={text("approve.note")} hint={text("approve.note_hint")} value={note} onInput={setNote} maxLength={1000} />
            ) : (
                <div class="stack-tight" role="status">
                    <strong>{working}</strong>
                    <Progress share={progress === null || progress.total === 0 ? 0.1 : progress.done / progress.total} label={working} />
                </div>
            )}
            {fault !== undefined && <Banner tone="bad">{fault}</Banner>}
        </Dialog>
    );
}
