import { Refused } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { faultText } from "../../faults.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { NoteJobDialog, type Outcome } from "./note-job-dialog.js";
import { text } from "./texts.js";

/** Why an approval was refused, in words. */
function refusal(code: string): string | null {
    switch (code) {
        case "undecided":
            return text("approve.undecided");
        case "still_counting":
            return text("approve.still_counting");
        case "over_limit":
            return text("approve.over_limit");
        case "conflict_state":
            return text("approve.conflict_state");
        default:
            return null;
    }
}

/** The end of a count: a job makes one adjustment of it, or says what bars it. */
export function ApproveDialog({ countId, unsent, onClose, onRefused }: { countId: string; unsent: number; onClose: () => void; onRefused: () => Promise<void> }) {
    const { route } = useLocation();
    const begin = async (note: string): Promise<Outcome> => {
        try {
            const answer = await client.call("post", "/api/sessions/{id}/approve", { path: { id: countId }, body: { note } });
            return "adjustment_id" in answer ? { done: answer.adjustment_id } : { job: answer };
        } catch (fault) {
            await onRefused();
            return { fault: (fault instanceof Refused ? refusal(fault.code) : null) ?? faultText(fault) };
        }
    };
    return (
        <NoteJobDialog
            title={text("approve.title")}
            explain={unsent === 0 ? text("approve.text") : `${text("approve.text")} ${text("approve.unsent", { n: unsent })}`}
            confirm={text("approve.confirm")}
            working={text("approve.working")}
            begin={begin}
            refusal={refusal}
            onClose={onClose}
            onFailed={onRefused}
            onDone={(id) => route(pathTo("/adjustments", id))}
        />
    );
}
