import { test } from "node:test";
import { History } from "./sim/history.js";
import type { StorageKind } from "./sim/storage.js";

/**
 * STOCKVERIFY_HISTORIES=10000 plays as many over memory, =5001-10000 those; STOCKVERIFY_HISTORY=17 plays that one alone.
 * STOCKVERIFY_STORE=idb, or sqlite, plays them over that store.
 */
const usual: { [kind in StorageKind]: string } = { memory: "500", idb: "25", sqlite: "5" };
const chosen = process.env["STOCKVERIFY_STORE"] as StorageKind | undefined;
const asked = process.env["STOCKVERIFY_HISTORY"] ?? process.env["STOCKVERIFY_HISTORIES"];
const kinds = chosen !== undefined ? [chosen] : asked !== undefined ? (["memory"] as const) : (["memory", "idb", "sqlite"] as const);

/** So many are told of before it is enough. */
const mostFaults = 20;

function range(text: string): [number, number] {
    const [from = 1, to] = text.split("-").map(Number);
    if (to !== undefined) return [from, to];
    return process.env["STOCKVERIFY_HISTORY"] === undefined ? [1, from] : [from, from];
}

for (const kind of kinds) {
    const [first, last] = range(asked ?? usual[kind]);
    test(`histories in which everything goes wrong, over ${kind}, from seed ${first} to ${last}`, async () => {
        const faults: string[] = [];
        for (let seed = first; seed <= last && faults.length < mostFaults; seed++) {
            try {
                await new History(seed, kind).play(60);
            } catch (fault) {
                faults.push(`history ${seed} (STOCKVERIFY_STORE=${kind} STOCKVERIFY_HISTORY=${seed} plays it again): ${fault instanceof Error ? fault.stack : String(fault)}`);
            }
        }
        if (faults.length > 0) throw new Error(faults.join("\n\n"));
    });
}
