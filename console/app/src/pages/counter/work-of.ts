import { effect } from "@preact/signals";
import { isPassing } from "@stockverify/client";
import { reportFault } from "../../faults.js";
import { client, queue, racks } from "../../session.js";
import { isPractice, practiceRack, practicePort } from "./practice.js";
import { type Memory, type Met, type OpenScan, RackWork, type Step } from "./rack-work.js";
import { Shelf } from "./shelf.js";

const works = new Map<string, RackWork>();

const steps = new Shelf<Step>("sv.step ");
const met = new Shelf<readonly Met[]>("sv.met ");
const open = new Shelf<readonly OpenScan[]>("sv.open ");
// What is too old goes.
for (const shelf of [steps, met, open]) shelf.all();

/** Without room on the device the work remembers as long as its page is open. */
const memoryOf = (sessionId: string): Memory => ({
    step: () => steps.get(sessionId),
    keepStep: (step) => void (step === null ? steps.drop(sessionId) : steps.put(sessionId, step)),
    met: () => met.get(sessionId) ?? [],
    keepMet: (items) => void met.put(sessionId, items),
    open: () => open.get(sessionId) ?? [],
    keepOpen: (scans) => void (scans.length === 0 ? open.drop(sessionId) : open.put(sessionId, scans)),
});

/** The work on a session's rack: one for all pages of it, so that going from one to the other loses nothing. */
export function workOf(sessionId: string): RackWork | null {
    const known = works.get(sessionId);
    if (known !== undefined) return known;
    const rack = isPractice(sessionId) ? practiceRack : racks.value.find((each) => each.session_id === sessionId);
    if (rack === undefined) return null;
    const work = isPractice(sessionId) ? new RackWork(practicePort, rack) : new RackWork(client, rack, memoryOf(sessionId));
    works.set(sessionId, work);
    void work.load().catch((fault: unknown) => {
        if (!isPassing(fault)) reportFault(fault);
    });
    return work;
}

function refreshAll(): void {
    for (const [sessionId, work] of works) if (!isPractice(sessionId)) void work.refresh().catch(reportFault);
}

// Verdicts and other tabs change what is known of records; another login begins anew.
let sent = queue.value.last_sent;
effect(() => {
    const { last_sent, refused, conflicts } = queue.value;
    void refused;
    void conflicts;
    if (last_sent === sent) return;
    sent = last_sent;
    refreshAll();
});
client.changes.subscribe(refreshAll);
client.auth.subscribe((state) => {
    if (state.state === "logged_out") works.clear();
});
