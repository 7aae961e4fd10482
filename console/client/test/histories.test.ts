import { test } from "node:test";
import { History } from "./sim/history.js";

/** STOCKVERIFY_HISTORIES=10000 plays as many, =5001-10000 those; STOCKVERIFY_HISTORY=17 plays that one alone. */
const asked = process.env["STOCKVERIFY_HISTORY"] ?? process.env["STOCKVERIFY_HISTORIES"] ?? "500";
const [first, last] = range(process.env["STOCKVERIFY_HISTORY"] === undefined && !asked.includes("-") ? `1-${asked}` : asked);
/** So many are told of before it is enough. */
const mostFaults = 20;

function range(text: string): [number, number] {
    const [from, to] = text.split("-").map(Number);
    return [from ?? 1, to ?? from ?? 1];
}

test(`histories in which everything goes wrong, from seed ${first} to ${last}`, async () => {
    const faults: string[] = [];
    for (let seed = first; seed <= last && faults.length < mostFaults; seed++) {
        try {
            await new History(seed).play(60);
        } catch (fault) {
            faults.push(`history ${seed} (STOCKVERIFY_HISTORY=${seed} plays it again): ${fault instanceof Error ? fault.stack : String(fault)}`);
        }
    }
    if (faults.length > 0) throw new Error(faults.join("\n\n"));
});
