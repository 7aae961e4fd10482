import { useEffect, useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { shellText } from "../../i18n/shell.js";
import { awaitJob } from "../../jobs.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Progress } from "../../ui/figures.js";
import { Segments } from "../../ui/segments.js";
import { Banner } from "../../ui/surface.js";
import { useJob } from "./job.js";
import type { Job } from "./kinds.js";
import { saveFile } from "./save-file.js";
import { text } from "./texts.js";

const formats = ["csv", "xlsx", "pdf", "json", "ndjson"] as const;

/** The lines as a file: at once where it is there, else when a job has made it. */
export function ExportButton({ path }: { path: string }) {
    const [isOpen, setOpen] = useState(false);
    return (
        <>
            <Button icon="download" onClick={() => setOpen(true)}>{text("export.button")}</Button>
            {isOpen && <ExportDialog path={path} onClose={() => setOpen(false)} />}
        </>
    );
}

function ExportDialog({ path, onClose }: { path: string; onClose: () => void }) {
    const [format, setFormat] = useState<(typeof formats)[number]>("csv");
    const [started, setStarted] = useState<Job | null>(null);
    const [fault, setFault] = useState<string | undefined>(undefined);
    const fetchFile = async (): Promise<void> => {
        try {
            const answer = await client.download(`${path}?format=${format}`);
            if (answer.status === 202) return setStarted(((await answer.json()) as { data: Job }).data);
            await saveFile(answer);
            onClose();
        } catch (reason) {
            setFault(faultText(reason));
        }
    };
    const job = useJob(started, (ended) => {
        setStarted(null);
        if (ended.status === "succeeded") void fetchFile();
        else setFault(ended.error === null ? text("job.cancelled") : text("job.failed", { message: ended.error.message }));
    });
    useEffect(() => (started === null ? undefined : awaitJob(started.job_id)), [started]);
    const progress = job?.progress ?? null;
    return (
        <Dialog
            title={text("export.title")}
            onClose={onClose}
            actions={
                <>
                    <Button kind="primary" icon="download" busy={started !== null} disabled={started !== null} onClick={fetchFile}>{text("export.button")}</Button>
                    <Button onClick={onClose}>{shellText("close")}</Button>
                </>
            }
        >
            <p>{text("export.text")}</p>
            <Segments label={text("export.format")} value={format} options={formats.map((value) => ({ value, label: <span translate={false}>{value.toUpperCase()}</span> }))} onChange={setFormat} />
            {started !== null && <Progress share={progress === null || progress.total === 0 ? 0.1 : progress.done / progress.total} label={text("export.making")} />}
            {fault !== undefined && <Banner tone="bad">{fault}</Banner>}
        </Dialog>
    );
}
