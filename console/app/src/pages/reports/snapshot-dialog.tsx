import { useState } from "preact/hooks";
import type { Job } from "../../jobs.js";
import { pathTo } from "../../paths.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { TextField } from "../../ui/field.js";
import { Banner } from "../../ui/surface.js";
import { whyText } from "./file-dialog.js";
import { takeSnapshot } from "./files.js";
import { JobProgress } from "./job-progress.js";
import type { ReportQuery } from "./query-draft.js";
import { text } from "./texts.js";

export const tagsOf = (typed: string): string[] => [...new Set(typed.split(",").map((tag) => tag.trim()).filter((tag) => tag !== ""))];

/** Keeps all rows of a query as they are now. */
export function SnapshotDialog({ name: usual, query, onClose }: { name: string; query: ReportQuery; onClose: () => void }) {
    const [name, setName] = useState(usual);
    const [tags, setTags] = useState("");
    const [job, setJob] = useState<Job | null>(null);
    const [fault, setFault] = useState<unknown>(undefined);
    const [taken, setTaken] = useState<string | null>(null);
    const run = async (): Promise<void> => {
        setFault(undefined);
        try {
            setTaken(await takeSnapshot({ name: name.trim(), query, tags: tagsOf(tags) }, setJob));
        } catch (failed) {
            setJob(null);
            setFault(failed);
        }
    };
    return (
        <Dialog
            title={text("builder.snapshot")}
            onClose={onClose}
            actions={
                taken !== null ? (
                    <Button kind="primary" href={pathTo("/snapshots", taken)}>
                        {text("job.open")}
                    </Button>
                ) : (
                    <Button kind="primary" icon="camera" disabled={name.trim() === ""} onClick={run}>
                        {text("snapshot.take")}
                    </Button>
                )
            }
        >
            {fault !== undefined && <Banner tone="bad">{whyText(fault)}</Banner>}
            <div role="status">{taken !== null ? <p>{text("snapshot.taken")}</p> : job !== null && <JobProgress job={job} />}</div>
            {taken === null && job === null && (
                <div class="stack">
                    <p class="small soft">{text("snapshot.take_text")}</p>
                    <TextField label={text("snapshot.name")} name="snapshot-name" value={name} onInput={setName} maxLength={200} />
                    <TextField label={text("snapshot.tags")} name="snapshot-tags" value={tags} onInput={setTags} hint={text("snapshot.tags_hint")} />
                </div>
            )}
        </Dialog>
    );
}
