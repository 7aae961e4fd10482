import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createClient } from "../src/create_client.js";
import type { Platform } from "../src/platform.js";
import { quantity } from "../src/quantity.js";
import { sqliteLock, sqliteStore } from "../src/store/sqlite.js";
import type { SqliteValue } from "../src/store/sqlite.js";
import { Device, type Tab } from "./sim/device.js";
import { Stage, success } from "./sim/stage.js";
import { sqliteShell } from "./sqlite_exec.js";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** The example under a heading, as a function of what it imports and of what its surroundings have. */
function example(heading: string): { lines: number; run(surroundings: { [name: string]: unknown }): Promise<void> } {
    const code = new RegExp(`## ${heading}\\n\\n\`\`\`ts\\n([^]*?)\`\`\``).exec(readme)?.[1] ?? "";
    const body = code.replace(/^import .*\n/gm, "");
    const Body = Object.getPrototypeOf(async () => undefined).constructor as new (...words: string[]) => (...values: unknown[]) => Promise<void>;
    return { lines: code.trim().split("\n").filter((line) => line !== "").length, run: (surroundings) => new Body(...Object.keys(surroundings), body)(...Object.values(surroundings)) };
}

/** While something real is waited for no simulated time passes. */
async function working<T>(stage: Stage, body: () => Promise<T>): Promise<T> {
    const mark = {};
    stage.world.working.add(mark);
    try {
        return await body();
    } finally {
        stage.world.working.delete(mark);
    }
}

const folder = mkdtempSync(join(tmpdir(), "stockverify-readme-"));
after(() => rmSync(folder, { recursive: true }));

function platformOf({ platform }: Tab): Platform {
    return { ...platform, fetch: (url, init) => platform.fetch(new URL(url, "http://server").href, init) };
}

test("README's example for a browser claims, counts, sends and finishes", async () => {
    const stage = new Stage();
    const item = { item_code: "100017", item_name: "Bolts", barcodes: ["4006381333931"], serial_tracked: false, expected: true, counted_by: [] };
    stage.instead("/api/racks/R1/items", () => success({ count_id: "c1", round: 1, items: [item], next_cursor: null, next_since: "t" }));
    const page = { title: "" };
    const played: string[] = [];
    const Audio = class {
        constructor(readonly file: string) {}
        play(): void {
            played.push(this.file);
        }
    };
    const tab = new Device(stage.world, stage.network, "browser", "idb").open();
    const platform = platformOf(tab);
    const { lines, run } = example("In a browser");
    assert.ok(lines <= 22, `${lines} lines`);
    await stage.world.of(run({ createClient, quantity, webPlatform: () => platform, idbStore: () => tab.store, document: page, Audio }));
    await stage.world.until(() => stage.server.completions.length === 1 && page.title === "all safe");
    assert.deepEqual(played, ["ok.wav"]);
    assert.deepEqual([...stage.server.stored.values()].map(({ record }) => [record.item_code, record.verified_qty]), [["100017", 24]]);
});

test("README's example for Node counts and sends", async () => {
    const stage = new Stage();
    const shell = sqliteShell(join(folder, "counter.db"));
    const DatabaseSync = class {
        prepare(sql: string): { all(...values: SqliteValue[]): unknown } {
            return { all: (...values) => working(stage, async () => shell.exec(sql, values)) };
        }
    };
    const said: string[] = [];
    const { lines, run } = example("In Node");
    assert.ok(lines <= 22, `${lines} lines`);
    const platform = platformOf(stage.phone.open());
    await stage.world.of(run({ createClient, quantity, webPlatform: () => platform, sqliteStore, sqliteLock, DatabaseSync, console: { log: (text: string) => said.push(text) } }));
    shell.close();
    assert.deepEqual(said, ["sent"]);
    assert.deepEqual([...stage.server.stored.values()].map(({ record }) => [record.item_code, record.verified_qty]), [["100017", 24]]);
});
