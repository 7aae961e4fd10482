// A phone's first minutes, by the types that are generated from openapi.yaml: what does not compile here under `strict`
// would not compile in an app. Run with the server's address, a user name and a password; says what came as JSON.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[] };

type Record = components["schemas"]["Record"];
type Verdict = components["schemas"]["BatchVerdict"];
type ErrorCode = components["schemas"]["ErrorCode"];

class Refusal extends Error {
    constructor(readonly code: ErrorCode, message: string) {
        super(message);
    }
}

// The one place where an answer is taken apart.
function dataOf<T>(answer: { data?: { data: T }; error?: { error: { code: ErrorCode; message: string } } }): T {
    if (answer.data === undefined) {
        const refusal = answer.error?.error;
        throw new Refusal(refusal?.code ?? "unavailable", refusal?.message ?? "no answer");
    }
    return answer.data.data;
}

async function logIn(api: Client<paths>, username: string, password: string): Promise<string> {
    const login = dataOf(await api.POST("/api/auth/login", { body: { username, password } }));
    const role: "staff" | "supervisor" | "admin" = login.user.role;
    return role === "staff" ? login.access_token : "";
}

// Only what must be sent is required; `null` stands for what is not given.
function count(session: string, item: string, pieces: number): Record {
    const now = new Date().toISOString();
    return {
        client_record_id: `typescript-${item}`,
        session_id: session,
        item_code: item,
        verified_qty: pieces,
        status: "finalized",
        created_at: now,
        updated_at: now,
        lot: null,
    };
}

function unsent(verdict: Verdict): string[] {
    return verdict.errors.filter((error) => error.retry === true).map((error) => error.client_record_id ?? "");
}

async function main(url: string, username: string, password: string): Promise<void> {
    const token = await logIn(createClient<paths>({ baseUrl: url }), username, password);
    const api = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });
    const racks = dataOf(await api.GET("/api/racks/available", { params: { query: { limit: 1 } } }));
    const rack = racks.items[0]?.rack_id ?? "none";
    const path = { rack_id: rack };
    const claim = dataOf(await api.POST("/api/racks/{rack_id}/claim", { params: { path }, body: {} }));
    const expected = dataOf(await api.GET("/api/racks/{rack_id}/items", { params: { path } }));
    const item: string = expected.items[0]?.item_code ?? "none";
    const verdict = dataOf(await api.POST("/api/sync/batch", { body: { records: [count(claim.session_id, item, 4)] } }));
    const stats = dataOf(await api.POST("/api/sessions/{id}/complete", { params: { path: { id: claim.session_id } }, body: {} }));
    const cursor: string | null = racks.next_cursor;

    // @ts-expect-error the answer has no such member
    void claim.nothing;
    // @ts-expect-error a word that is none
    void api.GET("/api/sync/conflicts", { params: { query: { status: "lost" } } });
    // @ts-expect-error a record without its time
    const broken: Record = { client_record_id: "x", session_id: "x", item_code: "x", verified_qty: 1, status: "finalized" };
    void broken;

    console.log(JSON.stringify({ rack, cursor, ok: verdict.ok, unsent: unsent(verdict), verified: stats.verified_items }));
    const refused = await api.POST("/api/sessions/{id}/heartbeat", { params: { path: { id: claim.session_id } } });
    console.log(JSON.stringify({ code: refused.error?.error.code }));
}

const [url = "", username = "", password = ""] = process.argv.slice(2);
await main(url, username, password);
