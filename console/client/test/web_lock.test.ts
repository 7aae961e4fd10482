import assert from "node:assert/strict";
import { test } from "node:test";
import type { Channel, Lock, Platform } from "../src/platform.js";
import { webLock } from "../src/web_lock.js";
import { seeded } from "./random.js";
import { World } from "./sim/world.js";

interface Request {
    clientId: string;
    options: LockOptions;
    body: () => Promise<unknown>;
    resolve(): void;
    reject(fault: unknown): void;
}

/** Locks of a browser: first come, first served, unless somebody steals. */
class Browser {
    readonly #queues = new Map<string, Request[]>();
    readonly #channels = new Set<{ page: string; receive: (message: unknown) => void }>();
    readonly asleep = new Set<string>();

    constructor(readonly world: World) {}

    page(clientId: string): { locks: LockManager; platform: Pick<Platform, "timer" | "uuid" | "channel"> } {
        const locks = { request: (name: string, options: LockOptions, body: () => Promise<unknown>) => this.#request(name, clientId, options, body), query: () => this.#query() };
        let made = 0;
        const platform = {
            uuid: () => `${clientId}-${made++}`,
            timer: (milliseconds: number, call: () => void) => this.world.timer(milliseconds, () => this.asleep.has(clientId) || call()),
            channel: (_: string, receive: (message: unknown) => void) => this.#channel(clientId, receive),
        };
        return { locks: locks as unknown as LockManager, platform };
    }

    #channel(page: string, receive: (message: unknown) => void): Channel {
        const mine = { page, receive };
        this.#channels.add(mine);
        const hear = (other: typeof mine, message: unknown): void => void (this.asleep.has(other.page) || other.receive(message));
        return {
            send: (message) => {
                for (const other of this.#channels) if (other !== mine) this.world.timer(1, () => hear(other, message));
            },
            close: () => this.#channels.delete(mine),
        };
    }

    #query(): Promise<LockManagerSnapshot> {
        const held = [...this.#queues].flatMap(([name, [holder]]) => (holder === undefined ? [] : [{ name, clientId: holder.clientId }]));
        return Promise.resolve({ held, pending: [] });
    }

    #request(name: string, clientId: string, options: LockOptions, body: () => Promise<unknown>): Promise<void> {
        return new Promise((resolve, reject) => {
            const queue = this.#queues.get(name) ?? [];
            this.#queues.set(name, queue);
            const request: Request = { clientId, options, body, resolve, reject };
            options.signal?.addEventListener("abort", () => {
                if (!queue.includes(request) || queue[0] === request) return;
                queue.splice(queue.indexOf(request), 1);
                reject(new DOMException("aborted", "AbortError"));
            });
            if (options.steal === true) {
                queue.shift()?.reject(new DOMException("stolen", "AbortError"));
                queue.unshift(request);
            } else {
                queue.push(request);
            }
            if (queue[0] === request) this.#grant(queue);
        });
    }

    #grant(queue: Request[]): void {
        const [request] = queue;
        if (request === undefined) return;
        const end = (tell: () => void): void => {
            if (queue[0] !== request) return;
            queue.shift();
            tell();
            this.#grant(queue);
        };
        request.body().then(() => end(request.resolve), (fault: unknown) => end(() => request.reject(fault)));
    }
}

function pages(...names: string[]): { world: World; browser: Browser; lockOf(name: string): Lock } {
    const world = new World(seeded(1));
    const browser = new Browser(world);
    const made = new Map(
        names.map((name) => {
            const { locks, platform } = browser.page(name);
            return [name, webLock(locks, platform)];
        }),
    );
    const lockOf = (name: string): Lock => made.get(name) ?? assert.fail(name);
    return { world, browser, lockOf };
}

test("a lock is held by one, and gives what its body gave", async () => {
    const { world, lockOf } = pages("a", "b");
    const order: string[] = [];
    const turn = (name: string) => async (): Promise<string> => {
        order.push(`${name} begins`);
        await world.pause(100);
        order.push(`${name} ends`);
        return name;
    };
    const both = Promise.all([lockOf("a")("l", turn("a")), lockOf("b")("l", turn("b"))]);
    assert.deepEqual(await world.of(both), ["a", "b"]);
    assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
    const failing = lockOf("a")("l", () => Promise.reject(new Error("no")));
    await assert.rejects(world.of(failing), /no/);
    assert.equal(await world.of(lockOf("b")("l", turn("b"))), "b");
});

test("a page that was put to sleep with a lock holds up the others for half a minute, and goes on when it wakes", async () => {
    const { world, browser, lockOf } = pages("sleeper", "b", "c");
    let wake = (): void => undefined;
    const sleeping = lockOf("sleeper")("l", () => new Promise<string>((resolve) => (wake = () => resolve("slept"))));
    await world.run(10);
    browser.asleep.add("sleeper");
    let held = 0;
    const turn = (name: string) => async (): Promise<string> => {
        held += 1;
        assert.equal(held, 1, "of those who are awake one has it");
        await world.pause(30_000);
        held -= 1;
        return name;
    };
    const began = world.now;
    const waited = Promise.all([lockOf("b")("l", turn("b")), lockOf("c")("l", turn("c"))]);
    assert.deepEqual(await world.of(waited), ["b", "c"]);
    assert.ok(world.now - began < 100_000, `${world.now - began} ms`);
    browser.asleep.delete("sleeper");
    wake();
    assert.equal(await world.of(sleeping), "slept");
});

test("who is at work for long keeps its lock, also from another of the same page", async () => {
    const { world, lockOf } = pages("a", "b");
    let isAtWork = false;
    const long = async (): Promise<void> => {
        assert.ok(!isAtWork, "nobody else is at it");
        isAtWork = true;
        await world.pause(300_000);
        isAtWork = false;
    };
    await world.of(Promise.all([lockOf("a")("l", long), lockOf("b")("l", long), lockOf("a")("l", long)]));
    assert.ok(world.now >= 900_000);
});

test("who brings a signal waits as long as it says", async () => {
    const { world, browser, lockOf } = pages("sleeper", "b");
    void lockOf("sleeper")("l", () => new Promise(() => undefined));
    browser.asleep.add("sleeper");
    const end = new AbortController();
    let outcome = "";
    void lockOf("b")("l", () => Promise.resolve("had it"), end.signal).then(
        () => (outcome = "had it"),
        () => (outcome = "gave up"),
    );
    await world.run(600_000);
    assert.equal(outcome, "");
    end.abort();
    await world.run(1);
    assert.equal(outcome, "gave up");
});
