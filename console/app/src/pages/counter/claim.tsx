import { readScan, Refused } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { pathTo } from "../../paths.js";
import { unlockSound } from "../../scan/feedback.js";
import { client, racks } from "../../session.js";
import { ask, Dialog } from "../../ui/dialog.js";
import { Icon } from "../../ui/icon.js";
import { notify } from "../../ui/notices.js";
import { Data } from "../../ui/text.js";
import { heldBy } from "./held-by.js";
import { text } from "./texts.js";

interface OpenCount {
    count_id: string;
    name: string;
}

interface Claiming {
    /** Makes a rack this person's and opens it; one that is already is only opened. */
    claim: (rackId: string) => Promise<void>;
    /** By what its label says. */
    claimLabel: (code: string) => void;
    /** Asks which count it is for, when several are open. */
    question: preact.JSX.Element | null;
}

export function useClaim(): Claiming {
    const { route } = useLocation();
    const [choice, setChoice] = useState<{ rack: string; counts: OpenCount[] } | null>(null);
    const claim = async (rackId: string, more: { count_id?: string; recount?: boolean } = {}): Promise<void> => {
        unlockSound();
        const mine = racks.value.find((rack) => rack.rack_id === rackId && rack.lease !== "ended" && rack.lease !== "lost");
        if (mine !== undefined) return route(pathTo("/count", mine.session_id));
        try {
            const rack = await client.claim(rackId, more);
            route(pathTo("/count", rack.session_id));
        } catch (fault) {
            if (fault instanceof Refused && fault.code === "rack_completed") {
                if (await ask({ title: text("racks.recount"), text: text("racks.recount_text"), confirm: text("racks.recount_yes") })) await claim(rackId, { recount: true });
            } else if (fault instanceof Refused && fault.code === "count_ambiguous") {
                const { items } = await client.call("get", "/api/sessions", { query: { status: "OPEN" } });
                setChoice({ rack: rackId, counts: items.map((count) => ({ count_id: count.session_id, name: count.name ?? count.session_id })) });
            } else if (fault instanceof Refused && fault.code === "not_found") notify({ tone: "bad", text: text("racks.unknown", { code: rackId }) });
            else notify({ tone: "bad", text: fault instanceof Refused && fault.holder !== undefined ? heldBy(fault.holder) : faultText(fault) });
        }
    };
    const choose = (count_id: string): void => {
        const rack = choice?.rack ?? "";
        setChoice(null);
        void claim(rack, { count_id });
    };
    return {
        claim: (rackId) => claim(rackId),
        claimLabel: (code) => void claim(readScan(code, new Date().getFullYear()).text),
        question: choice === null ? null : <WhichCount counts={choice.counts} onChoice={choose} onClose={() => setChoice(null)} />,
    };
}

function WhichCount({ counts, onChoice, onClose }: { counts: readonly OpenCount[]; onChoice: (countId: string) => void; onClose: () => void }) {
    return (
        <Dialog title={text("racks.which_count")} onClose={onClose}>
            <ul class="list">
                {counts.map((count) => (
                    <li key={count.count_id}>
                        <button type="button" class="list-row" onClick={() => onChoice(count.count_id)}>
                            <span class="grow">
                                <Data>{count.name}</Data>
                            </span>
                            <Icon name="next" />
                        </button>
                    </li>
                ))}
            </ul>
        </Dialog>
    );
}
