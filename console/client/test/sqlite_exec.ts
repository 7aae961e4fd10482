import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { SqliteExec, SqliteRow, SqliteValue } from "../src/store/sqlite.js";

function literal(value: SqliteValue): string {
    if (value === null) return "NULL";
    if (typeof value === "number") return String(value);
    if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
    return `x'${Buffer.from(value).toString("hex")}'`;
}

/** Blobs come as text that no JSON holds: they are asked for in hex. */
function withBytes(row: SqliteRow): SqliteRow {
    const { bytes, ...rest } = row;
    return typeof bytes === "string" && bytes !== "" ? { ...rest, bytes: new Uint8Array(Buffer.from(bytes, "hex")) } : rest;
}

/** Question marks outside of quotes become what they stand for; the client's statements have none inside. */
function filled(sql: string, parameters: readonly SqliteValue[]): string {
    let next = 0;
    const shown = sql.replace(/\s*\n\s*/g, " ").replace("value, bytes FROM", "value, hex(bytes) AS bytes FROM");
    return shown.replace(/\?/g, () => literal(parameters[next++] ?? null));
}

const end = "end-of-statement";

/** Runs statements in Debian's sqlite3, which Node 20 has none of its own for. */
export function sqliteShell(path: string): { exec: SqliteExec; close(): void; kill(): void } {
    const shell = spawn("stdbuf", ["-oL", "sqlite3", "-batch", "-json", path], { stdio: ["pipe", "pipe", "pipe"] });
    // Killed, it reads no more.
    shell.stdin.on("error", () => undefined);
    let output = "";
    let answered: ((rows: SqliteRow[]) => void) | undefined;
    let failed: ((error: Error) => void) | undefined;
    let fault = "";
    createInterface({ input: shell.stderr }).on("line", (line) => (fault += line));
    createInterface({ input: shell.stdout }).on("line", (line) => {
        if (line !== `[{"${end}":1}]`) {
            output += line;
            return;
        }
        const [text, error] = [output, fault];
        output = "";
        fault = "";
        if (error !== "") failed?.(new Error(error));
        else answered?.(text === "" ? [] : (JSON.parse(text) as SqliteRow[]).map(withBytes));
    });
    let last: Promise<unknown> = Promise.resolve();
    const exec: SqliteExec = (sql, parameters) => {
        const run = last.then(
            () =>
                new Promise<SqliteRow[]>((resolve, reject) => {
                    answered = resolve;
                    failed = reject;
                    // What the shell has to say against a statement comes before the next one's answer.
                    shell.stdin.write(`${filled(sql, parameters)};\nSELECT 1 AS "${end}";\n`);
                }),
        );
        last = run.catch(() => undefined);
        return run;
    };
    const kill = (): void => {
        shell.stdin.destroy();
        shell.kill("SIGKILL");
    };
    return { exec, close: () => shell.stdin.end(), kill };
}
