import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { downloadResult, type Job } from "../../jobs.js";
import { saveAs } from "../../links.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Select } from "../../ui/field.js";
import { Banner } from "../../ui/surface.js";
import { Code } from "../../ui/text.js";
import { type FileFormat, fileFormats, JobFailed } from "./files.js";
import { failureText } from "./job-words.js";
import { JobProgress } from "./job-progress.js";
import { text } from "./texts.js";
import { bytesText } from "./words.js";

interface FileDialogProps {
    title: string;
    /** Makes the file; tells of the jobs on its way. */
    make: (format: FileFormat, onProgress: (job: Job) => void) => Promise<Job | Response>;
    /** For a file that comes at once. */
    fileName: string;
    onClose: () => void;
    children?: ComponentChildren;
}

type State = { step: "asking" } | { step: "making"; job: Job | null } | { step: "made"; job: Job } | { step: "saved" } | { step: "failed"; why: string };

export const whyText = (fault: unknown): string => (fault instanceof JobFailed ? (fault.job.error === null ? text(`job.${fault.job.status}`) : failureText(fault.job.error)) : faultText(fault));

/** Asks for a format, shows how far the file is, and gives it. Closing it stops nothing: jobs tell their end elsewhere. */
export function FileDialog({ title, make, fileName, onClose, children }: FileDialogProps) {
    const [format, setFormat] = useState<FileFormat>("xlsx");
    const [state, setState] = useState<State>({ step: "asking" });
    const run = async (): Promise<void> => {
        setState({ step: "making", job: null });
        try {
            const made = await make(format, (job) => setState({ step: "making", job }));
            if (!(made instanceof Response)) return setState({ step: "made", job: made });
            saveAs(await made.blob(), `${fileName}.${format}`);
            setState({ step: "saved" });
        } catch (fault) {
            setState({ step: "failed", why: whyText(fault) });
        }
    };
    return (
        <Dialog
            title={title}
            onClose={onClose}
            actions={
                state.step === "made" ? (
                    <Button kind="primary" icon="download" onClick={() => downloadResult(state.job)}>
                        {text("job.download")}
                    </Button>
                ) : state.step === "saved" ? (
                    <Button kind="primary" onClick={onClose}>
                        {text("file.done")}
                    </Button>
                ) : (
                    <Button kind="primary" icon="chart" busy={state.step === "making"} disabled={state.step === "making"} onClick={run}>
                        {text("file.make")}
                    </Button>
                )
            }
        >
            {(state.step === "asking" || state.step === "failed") && (
                <div class="stack">
                    {children}
                    <Select label={text("file.format")} value={format} options={fileFormats.map((value) => ({ value, label: text(`format.${value}`) }))} onChange={setFormat} />
                </div>
            )}
            <div role="status" class="stack-tight">
                {state.step === "making" && (state.job === null ? <p>{text("file.asked")}</p> : <JobProgress job={state.job} />)}
                {state.step === "made" && (
                    <p>
                        <Code>{state.job.file_name}</Code> {state.job.size !== null && <span class="soft">{bytesText(state.job.size)}</span>}
                    </p>
                )}
                {state.step === "saved" && <p>{text("file.saved")}</p>}
            </div>
            {state.step === "failed" && <Banner tone="bad">{state.why}</Banner>}
        </Dialog>
    );
}
