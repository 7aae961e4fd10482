import { effect, signal } from "@preact/signals";
import { reportFault } from "./faults.js";
import { currentUser, mayBe } from "./session.js";

/** Jobs of this person that ended since they last looked at them. */
export const unseenJobs = signal(0);

// What tells of jobs is loaded for those whose role asks for them; where it can't be now, a page that shows jobs loads it.
effect(() => {
    const user = currentUser();
    if (user === null || !mayBe(user.role, "supervisor")) return;
    void import("./jobs.js").catch((fault: unknown) => {
        if (navigator.onLine) reportFault(fault);
    });
});
