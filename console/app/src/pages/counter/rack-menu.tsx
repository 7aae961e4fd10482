import type { HeldRack } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { faultText } from "../../faults.js";
import { base, pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask, Dialog } from "../../ui/dialog.js";
import { notify } from "../../ui/notices.js";
import { dropDrafts } from "./drafts.js";
import { text } from "./texts.js";
import { mayLeaveUnsaved } from "./unsaved.js";

/** A break, or giving the rack back. */
export function RackMenu({ rack, onClose }: { rack: HeldRack; onClose: () => void }) {
    const { route } = useLocation();
    const run = async (work: () => Promise<unknown>, to?: string): Promise<void> => {
        try {
            await work();
            onClose();
            if (to !== undefined) route(to);
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    return (
        <Dialog title={text("count.menu")} onClose={onClose}>
            <div class="stack-tight">
                <Button icon="box" wide href={pathTo("/count", rack.session_id, "unknown")}>
                    {text("count.report")}
                </Button>
                {rack.lease !== "paused" && (
                    <Button icon="pause" wide onClick={() => run(() => client.pause(rack.session_id))}>
                        {text("count.pause")}
                    </Button>
                )}
                <Button
                    icon="exit"
                    wide
                    onClick={async () => {
                        if (!(await mayLeaveUnsaved(rack.session_id, text("drafts.drop_release")))) return;
                        if (!(await ask({ title: text("count.release"), text: text("count.release_text"), confirm: text("count.release_yes"), danger: true }))) return;
                        await run(async () => {
                            await client.release(rack.session_id);
                            dropDrafts(rack.session_id);
                        }, base);
                    }}
                >
                    {text("count.release")}
                </Button>
            </div>
        </Dialog>
    );
}
