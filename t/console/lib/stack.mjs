// A stack of a test's own, and the server's side of what a page did.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const run = promisify(execFile);

export async function startStack(name, ...options) {
    const directory = join(process.env.STOCKVERIFY_TEST_RUNS ?? mkdtempSync(join(tmpdir(), "console-")), name);
    const command = (...words) => run(join(root, "scripts/stack"), [...words, "--dir", directory], { cwd: root });
    await command("up", "--no-build", "--no-history", ...options);
    const state = JSON.parse(readFileSync(join(directory, "stack.json"), "utf8"));
    const users = (role) => state.users.filter((user) => user.role === role);
    return {
        directory,
        url: state.url,
        console: `${state.url}/console/`,
        user: (role, index = 0) => users(role)[index],
        stop: (part) => command("stop", part),
        start: (part) => command("start", part),
        /** Serves the console from another folder than the build's. */
        serve: async (folder) => {
            const file = join(directory, "nginx.conf");
            writeFileSync(file, readFileSync(file, "utf8").replace(/(location \/console\/ \{\s+root )\S+;/, `$1${folder};`));
            await command("stop", "nginx");
            await command("start", "nginx");
        },
        /** Serves the console with other headers: `change` makes them of what conf/console/location.conf says. */
        changeWalls: async (change) => {
            const file = join(directory, "nginx.conf");
            const walls = join(directory, "location.conf");
            writeFileSync(walls, change(readFileSync(join(root, "conf/console/location.conf"), "utf8")));
            writeFileSync(file, readFileSync(file, "utf8").replace(/include \S+conf\/console\/location\.conf;/, `include ${walls};`));
            await command("stop", "nginx");
            await command("start", "nginx");
        },
        /** What nginx sent while the work was done, request by request and packed by gzip at most; restarted before and after, it has written each line. */
        sentDuring: async (work) => {
            const file = join(directory, "nginx.conf");
            const log = join(directory, "log/sent.log");
            const plain = readFileSync(file, "utf8");
            writeFileSync(file, plain.replace(/^ *access_log .*stockverify .*;$/m, `$&\n    log_format sent escape=json '{"bytes":$bytes_sent,"host":"$http_host","path":"$uri","line":"$request","status":$status,"encoding":"$sent_http_content_encoding"}';\n    access_log ${log} sent;`).replace(/brotli_static on;/g, "brotli_static off;"));
            await command("stop", "nginx");
            await command("start", "nginx");
            try {
                await work();
            } finally {
                writeFileSync(file, plain);
                await command("stop", "nginx");
                await command("start", "nginx");
            }
            return readFileSync(log, "utf8").trim().split("\n").map((line) => JSON.parse(line)).filter(({ host }) => host !== "localhost"); // scripts/stack asks whether it is ready
        },
        /** The admin command, on this stack. */
        ctl: (...words) => run(join(root, "build/stockverifyctl"), ["-c", state.worker_conf, ...words]),
        /** Sets members of a stored document, as nothing that is asked of the server would. */
        change: (collection, where, set) => mongo(state, { update: collection, updates: [{ q: where, u: { $set: set } }] }),
        signal: (part, name) => command("signal", part, name),
        down: () => command("down", "--wipe"),
        api: (user) => api(state.url, user),
    };
}

/** One command of the database server, by the tests' tool. */
async function mongo({ mongodb, database }, command) {
    const running = run(join(root, "build/mongo-shell"), [database], { env: { ...process.env, MONGODB_URI: mongodb } });
    running.child.stdin.end(`${JSON.stringify(command)}\n`);
    const answer = JSON.parse((await running).stdout);
    if (answer.error !== undefined) throw new Error(`MongoDB: ${answer.error}`);
    return answer;
}

async function api(url, { username, password }) {
    const ask = async (method, path, body, token) => {
        const answer = await fetch(url + path, {
            method,
            headers: { "Content-Type": "application/json", ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const { data, error } = await answer.json();
        if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${error?.code} ${error?.message}`);
        return data;
    };
    const { access_token } = await ask("POST", "/api/auth/login", { username, password });
    return (method, path, body) => ask(method, path, body, access_token);
}

/** Every record of a session, as the server has it. */
export async function recordsOf(call, sessionId) {
    const records = [];
    for (let after = 0, more = true; more; ) {
        const answer = await call("GET", `/api/sessions/${sessionId}/records?after=${after}&limit=500`);
        records.push(...answer.items);
        more = answer.more === true;
        after = answer.next_after;
    }
    return records;
}

export async function until(what, condition, limit = 30_000) {
    const end = Date.now() + limit;
    for (;;) {
        const found = await condition();
        if (found) return found;
        if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}
