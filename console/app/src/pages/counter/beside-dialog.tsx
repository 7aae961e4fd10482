import type { RackItem } from "@stockverify/client";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import type { BesideOthers } from "./rack-work.js";
import { text } from "./texts.js";

/** Somebody else has a figure of the item: how does this one stand to it? */
export function BesideDialog({ item, onChoice, onClose }: { item: RackItem; onChoice: (choice: BesideOthers) => void; onClose: () => void }) {
    return (
        <Dialog title={text("count.beside")} onClose={onClose}>
            <p>{text("count.beside_text", { name: item.counted_by[0]?.full_name ?? text("count.somebody") })}</p>
            <div class="dialog-actions">
                {(["add", "replace"] as const).map((choice) => (
                    <Button key={choice} kind={choice === "add" ? "primary" : "default"} onClick={() => onChoice(choice)}>
                        {text(`count.beside_${choice}`)}
                    </Button>
                ))}
            </div>
        </Dialog>
    );
}
