import assert from "node:assert/strict";
import { it } from "node:test";
import { fromCron, toCron } from "../src/pages/reports/cadence.js";

it("reads what it wrote, and what people write otherwise stays as it is", () => {
    for (const [cron, rhythm] of [["15 * * * *", "hourly"], ["0 6 * * *", "daily"], ["30 22 * * 1-5", "weekdays"], ["0 6 * * 0", "weekly"], ["5 7 31 * *", "monthly"]] as const) {
        assert.equal(fromCron(cron).rhythm, rhythm);
        assert.equal(toCron(fromCron(cron)), cron);
    }
    for (const cron of ["@daily", "*/5 * * * *", "0 6 1 1 *", "0 6 1 * 1", "0 25 * * *", "0 6 0 * *"]) {
        assert.equal(fromCron(cron).rhythm, "own");
        assert.equal(toCron(fromCron(cron)), cron);
    }
    assert.equal(toCron(fromCron("0 6 * * 7")), "0 6 * * 0");
});
