import { test } from "node:test";
import { History } from "./sim/history.js";

/** STOCKVERIFY_HISTORIES=10000 plays as many; STOCKVERIFY_HISTORY=17 plays that one alone. */
const one = process.env["STOCKVERIFY_HISTORY"];
const first = one === undefined ? 1 : Number(one);
const many = one === undefined ? Number(process.env["STOCKVERIFY_HISTORIES"] ?? 500) : 1;

test(`${many} histories in which everything goes wrong, from seed ${first}`, async () => {
    for (let seed = first; seed < first + many; seed++) {
        try {
            await new History(seed).play(60);
        } catch (fault) {
            throw new Error(`history ${seed} (STOCKVERIFY_HISTORY=${seed} plays it again): ${fault instanceof Error ? fault.stack : String(fault)}`);
        }
    }
});
