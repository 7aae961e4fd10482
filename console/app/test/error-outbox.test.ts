import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorOutbox, type OutboxPort, type Sent } from "../src/error-outbox.js";
import type { ErrorReport } from "../src/error-report.js";

const report = (message: string): ErrorReport => ({ code: "console_error", message, page: "/", version: "1.0.0+1", device: "Chrome 130 Linux" });

/** A browser whose tabs share what is kept, and a server. */
class World {
    kept: string | null = null;
    clock = 1_800_000_000_000;
    who: string | null = "asha";
    there = true;
    outcome: Sent = "taken";
    readonly taken: string[] = [];
    #turn: Promise<unknown> = Promise.resolve();

    tab(): ErrorOutbox {
        const port: OutboxPort = {
            read: () => this.kept,
            write: (text) => {
                this.kept = text;
            },
            alone: (run) => {
                const mine = this.#turn.then(run);
                this.#turn = mine.catch(() => undefined);
                return mine;
            },
            user: () => this.who,
            isThere: async () => this.there,
            send: async ({ message }) => {
                if (this.outcome === "taken" || this.outcome === "unknown") this.taken.push(message);
                return this.outcome;
            },
            now: () => this.clock,
        };
        return new ErrorOutbox(port);
    }

    get waiting(): number {
        return (JSON.parse(this.kept ?? "[]") as unknown[]).length;
    }
}

describe("the console's errors on their way", () => {
    it("are told once each, however often they happen", async () => {
        const world = new World();
        const outbox = world.tab();
        await Promise.all([1, 2, 3].map(() => outbox.add(report("a"), "asha")));
        await outbox.add(report("b"), "asha");
        await outbox.add(report("a"), "asha");
        assert.deepEqual(world.taken, ["a", "b"]);
        assert.equal(world.waiting, 0);
    });

    it("wait without network, at most twenty, and are sent later once, by whichever tab", async () => {
        const world = new World();
        world.there = false;
        const outbox = world.tab();
        for (let n = 0; n < 30; n++) await outbox.add(report(`fault ${n}`), "asha");
        assert.deepEqual([world.taken.length, world.waiting], [0, 20]);
        world.there = true;
        const other = world.tab();
        for (let minute = 0; minute < 3; minute++) {
            await Promise.all([outbox.flush(), other.flush()]);
            world.clock += 61_000;
        }
        assert.equal(world.waiting, 0);
        assert.deepEqual([world.taken.length, new Set(world.taken).size], [20, 20]);
    });

    it("are sent at most ten a minute of a tab", async () => {
        const world = new World();
        const outbox = world.tab();
        for (let n = 0; n < 15; n++) await outbox.add(report(`fault ${n}`), "asha");
        assert.equal(world.taken.length, 10);
        world.clock += 61_000;
        await outbox.flush();
        assert.equal(world.taken.length, 15);
    });

    it("are not sent again when the answer was lost, and wait when the server said later", async () => {
        const world = new World();
        world.outcome = "unknown";
        const outbox = world.tab();
        await outbox.add(report("lost"), "asha");
        world.outcome = "retry";
        await outbox.add(report("later"), "asha");
        world.outcome = "taken";
        await outbox.flush();
        assert.deepEqual(world.taken, ["lost", "later"]);
    });

    it("are let go when the server refuses them, and the next goes on", async () => {
        const world = new World();
        world.there = false;
        const outbox = world.tab();
        await outbox.add(report("refused"), "asha");
        await outbox.add(report("also"), "asha");
        world.there = true;
        world.outcome = "refused";
        await outbox.flush();
        assert.deepEqual([world.taken.length, world.waiting], [0, 0]);
    });

    it("are never sent as somebody else, and those of nobody as whoever comes", async () => {
        const world = new World();
        world.who = null;
        const outbox = world.tab();
        await outbox.add(report("before the login"), null);
        await outbox.add(report("of asha"), "asha");
        world.who = "bina";
        await outbox.flush();
        assert.deepEqual([world.taken, world.waiting], [["before the login"], 1]);
        world.who = "asha";
        await outbox.flush();
        assert.deepEqual(world.taken, ["before the login", "of asha"]);
    });

    it("are forgotten after three days, and what is no list is none", async () => {
        const world = new World();
        world.who = null;
        const outbox = world.tab();
        await outbox.add(report("old"), "asha");
        world.clock += 4 * 86_400_000;
        world.who = "asha";
        await outbox.flush();
        assert.deepEqual(world.taken, []);
        world.kept = "{ not a list";
        await outbox.add(report("new"), "asha");
        assert.deepEqual(world.taken, ["new"]);
    });
});
