import { Dialog } from "../../ui/dialog.js";
import { Code } from "../../ui/text.js";
import { text } from "./texts.js";

const keys = ["j", "k", "a", "r", "Enter", "?"] as const;
const names = { j: "next", k: "previous", a: "accept", r: "recount", Enter: "open", "?": "help" } as const;

/** What the keys of the review do. */
export function KeyHelp({ onClose }: { onClose: () => void }) {
    return (
        <Dialog title={text("keys.title")} onClose={onClose}>
            <p>{text("keys.text")}</p>
            <dl class="keys">
                {keys.map((key) => (
                    <div key={key} class="row">
                        <dt><kbd><Code>{key}</Code></kbd></dt>
                        <dd>{text(`keys.${names[key]}`)}</dd>
                    </div>
                ))}
            </dl>
        </Dialog>
    );
}
