import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { dateTime } from "../../i18n/format.js";
import type { Job } from "../../jobs.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { TextField } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { Banner } from "../../ui/surface.js";
import { Data } from "../../ui/text.js";
import type { Schema } from "./api-types.js";
import { whyText } from "./file-dialog.js";
import { compareSnapshots } from "./files.js";
import { JobProgress } from "./job-progress.js";
import { text } from "./texts.js";
import { titleText } from "./titles.js";

type Head = Schema<"SnapshotHead">;

/** Compares what was before with what was after. */
export function CompareDialog({ baseline, comparison, onClose }: { baseline: Head; comparison: Head; onClose: () => void }) {
    const { route } = useLocation();
    const columns = useLoad(async (signal) => (await client.call("get", "/api/reports/snapshots/{id}", { path: { id: baseline.snapshot_id }, query: { limit: 1 }, signal })).columns, [baseline.snapshot_id]);
    const [keys, setKeys] = useState<readonly string[]>([]);
    const [tolerance, setTolerance] = useState("");
    const [job, setJob] = useState<Job | null>(null);
    const [fault, setFault] = useState<unknown>(undefined);
    const allowed = Number(tolerance.replace(",", "."));
    const isWrong = tolerance.trim() !== "" && !(allowed >= 0);
    const run = async (): Promise<void> => {
        setFault(undefined);
        try {
            const body = {
                baseline_id: baseline.snapshot_id,
                comparison_id: comparison.snapshot_id,
                ...(keys.length === 0 ? {} : { key_fields: [...keys] }),
                ...(tolerance.trim() === "" ? {} : { tolerance: allowed }),
            };
            route(pathTo("/comparisons", await compareSnapshots(body, setJob)));
        } catch (failed) {
            setJob(null);
            setFault(failed);
        }
    };
    return (
        <Dialog
            title={text("compare.title")}
            onClose={onClose}
            actions={
                <Button kind="primary" icon="conflict" disabled={isWrong} onClick={run}>
                    {text("snapshots.compare")}
                </Button>
            }
        >
            {fault !== undefined && <Banner tone="bad">{whyText(fault)}</Banner>}
            <dl class="facts">
                {([["compare.before", baseline], ["compare.after", comparison]] as const).map(([key, head]) => (
                    <div key={key}>
                        <dt>{text(key)}</dt>
                        <dd>
                            <Data>{head.name}</Data> · <time translate={false}>{dateTime(head.taken_at)}</time>
                        </dd>
                    </div>
                ))}
            </dl>
            <div role="status">{job !== null && <JobProgress job={job} />}</div>
            {job === null && (
                <Loading of={columns} rows={1}>
                    {(found) => (
                        <div class="stack">
                            <details class="column-choice">
                                <summary class="label">{keys.length === 0 ? text("compare.keys_usual") : text("compare.keys", { n: keys.length })}</summary>
                                <p class="small soft">{text("compare.keys_text")}</p>
                                <div class="column-list">
                                    {found.map((column) => (
                                        <label key={column.name} class="check">
                                            <input type="checkbox" checked={keys.includes(column.name)} onChange={() => setKeys(keys.includes(column.name) ? keys.filter((name) => name !== column.name) : [...keys, column.name])} />
                                            <span>{titleText(column.title)}</span>
                                        </label>
                                    ))}
                                </div>
                            </details>
                            <TextField label={text("compare.tolerance")} value={tolerance} onInput={setTolerance} inputMode="decimal" hint={text("compare.tolerance_hint")} fault={isWrong ? text("compare.tolerance_wrong") : undefined} />
                        </div>
                    )}
                </Loading>
            )}
        </Dialog>
    );
}
