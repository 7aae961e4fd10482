import type { HeldRack } from "@stockverify/client";
import { useEffect, useRef } from "preact/hooks";
import { giveSignal } from "../../scan/feedback.js";
import { Button } from "../../ui/button.js";
import { Banner } from "../../ui/surface.js";
import { useClaim } from "./claim.js";
import { heldBy } from "./held-by.js";
import { text } from "./texts.js";

/** Whether nothing may be counted on it any more: somebody else has it, or it was given back or finished, perhaps by a supervisor. */
export const isOver = (rack: HeldRack | undefined): boolean => rack?.lease === "lost" || rack?.lease === "ended";

/** Says that the rack is over, also to ears: whoever counts looks at the shelf. */
export function RackOver({ rack }: { rack: HeldRack | undefined }) {
    const over = isOver(rack);
    const was = useRef(over);
    const { claim, question } = useClaim();
    useEffect(() => {
        if (over && !was.current) giveSignal("error");
        was.current = over;
    }, [over]);
    if (rack === undefined || !over) return null;
    if (rack.lease === "lost")
        return (
            <Banner tone="bad" title={rack.holder === undefined ? text("lease.lost") : heldBy(rack.holder)}>
                {text("count.lost_text")}
            </Banner>
        );
    return (
        <>
            <Banner tone="bad" title={text("count.ended")} action={<Button icon="scan" onClick={() => claim(rack.rack_id)}>{text("count.claim_again")}</Button>}>
                {text("count.ended_text")}
            </Banner>
            {question}
        </>
    );
}
