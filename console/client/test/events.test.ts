import assert from "node:assert/strict";
import { test } from "node:test";
import type { Client } from "../src/client.js";
import { MessageReader } from "../src/sse.js";
import { seeded } from "./random.js";
import { Stage } from "./sim/stage.js";

test("a stream says the same wherever it was cut", () => {
    const text = ': hello\r\nid: 1\r\n\r\nid: 2\ndata: {"a":"é😀"}\n\nretry: 500\ndata: one\ndata:two\n\n: comment\nid: 3\n\ndata: last\rid\r\r';
    const whole = new MessageReader().read(`${text}\n`);
    assert.deepEqual(whole.slice(0, 4), [{ id: "1" }, { id: "2", data: '{"a":"é😀"}' }, { retry: 500, data: "one\ntwo" }, { id: "3" }]);
    const random = seeded(5);
    for (let i = 0; i < 300; i++) {
        const reader = new MessageReader();
        const found = [];
        for (let at = 0; at < text.length; ) {
            const next = at + 1 + Math.floor(random() * 7);
            found.push(...reader.read(text.slice(at, next)));
            at = next;
        }
        found.push(...reader.read("\n"));
        assert.deepEqual(found, whole);
    }
});

/** A server's stream that a test writes to. */
class Streams {
    readonly opened: { lastId: string | null; signal: AbortSignal | null | undefined; send: (text: string) => void; end: () => void }[] = [];

    constructor(stage: Stage) {
        stage.instead("/api/events", (init) => {
            const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
            const writer = writable.getWriter();
            writer.closed.catch(() => undefined);
            const encoder = new TextEncoder();
            this.opened.push({
                lastId: new Headers(init.headers).get("Last-Event-ID"),
                signal: init.signal,
                send: (text) => void writer.write(encoder.encode(text)).catch(() => undefined),
                end: () => void writer.close().catch(() => undefined),
            });
            return new Response(readable, { status: 200, headers: { "Content-Type": "text/event-stream" } });
        });
    }
}

function listening(client: Client): { said: string[]; stop: () => void } {
    const said: string[] = [];
    const stop = client.listen(["floor", "rack:updates:*"], {
        onEvent: (event) => said.push(`${event.type} ${event.id}`),
        onReset: () => said.push("reset"),
        onState: (connected) => said.push(connected ? "connected" : "broken"),
    });
    return { said, stop };
}

test("a stream that breaks is taken up where it was, and a reset is told", async () => {
    const stage = new Stage();
    const streams = new Streams(stage);
    const client = await stage.loggedIn();
    const { said, stop } = listening(client);
    await stage.world.run(1_000);
    streams.opened[0]?.send('id: e1\n\nid: e2\ndata: {"type":"rack.claimed","id":"R1","at":""}\n\n');
    await stage.world.run(1_000);
    streams.opened[0]?.end();
    await stage.world.until(() => streams.opened.length === 2);
    await stage.world.run(1_000);
    streams.opened[1]?.send('id: e3\ndata: {"type":"reset","id":null,"at":"","reason":"too_old"}\n\n');
    await stage.world.run(1_000);
    assert.equal(streams.opened[1]?.lastId, "e2");
    assert.deepEqual(said, ["connected", "reset", "rack.claimed R1", "broken", "connected", "reset"]);
    stop();
    await stage.world.run(600_000);
    assert.equal(streams.opened.length, 2);
});

test("a stream that says nothing any more is dead", async () => {
    const stage = new Stage();
    const streams = new Streams(stage);
    const client = await stage.loggedIn();
    const { stop } = listening(client);
    for (let i = 0; i < 5; i++) {
        await stage.world.run(15_000);
        streams.opened[0]?.send(":\nid: e1\n\n");
    }
    assert.equal(streams.opened.length, 1);
    await stage.world.until(() => streams.opened.length === 2, 120_000);
    stop();
});

test("tabs share one stream; when its tab goes, another takes it up", async () => {
    const stage = new Stage();
    const streams = new Streams(stage);
    const first = stage.phone.open();
    const one = await stage.loggedIn("asha", first);
    const two = stage.client();
    await stage.world.of(two.start());
    const here = listening(one);
    await stage.world.run(1_000);
    const there = listening(two);
    await stage.world.run(1_000);
    streams.opened[0]?.send('id: e1\ndata: {"type":"rack.claimed","id":"R1","at":""}\n\n');
    await stage.world.run(1_000);
    assert.equal(streams.opened.length, 1);
    for (const { said } of [here, there]) assert.deepEqual(said, ["connected", "reset", "rack.claimed R1"]);
    first.kill();
    await stage.world.until(() => streams.opened.length === 2, 60_000);
    there.stop();
});

test("a stream that waits is taken up as soon as the network seems to be back", async () => {
    const stage = new Stage();
    const streams = new Streams(stage);
    const tab = stage.phone.open();
    const client = await stage.loggedIn("asha", tab);
    const { stop } = listening(client);
    await stage.world.run(1_000);
    streams.opened[0]?.send("retry: 240000\n\n");
    await stage.world.run(1_000);
    streams.opened[0]?.end();
    await stage.world.run(1_000);
    assert.equal(streams.opened.length, 1);
    tab.online();
    await stage.world.run(1_000);
    assert.equal(streams.opened.length, 2);
    stop();
});

test("a client that is closed streams nothing any more", async () => {
    const stage = new Stage();
    const streams = new Streams(stage);
    const client = await stage.loggedIn();
    const { said } = listening(client);
    const { stop } = listening(client);
    stop();
    await stage.world.run(1_000);
    const { length } = streams.opened;
    await stage.world.of(client.close());
    assert.equal(streams.opened.at(-1)?.signal?.aborted, true);
    streams.opened.at(-1)?.send('id: e1\ndata: {"type":"rack.claimed","id":"R1","at":""}\n\n');
    streams.opened.at(-1)?.end();
    await stage.world.run(600_000);
    assert.deepEqual([streams.opened.length, said], [length, ["connected", "reset"]]);
});
