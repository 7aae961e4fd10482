import type { ErrorCode, Holder } from "./api.js";
import type { Moment } from "./clock.js";
import type { ClockWatch } from "./device_clock.js";
import { NoAnswer, Refused } from "./errors.js";
import type { Platform } from "./platform.js";

export type QueryValue = string | number | boolean | null | undefined | readonly string[];

export interface Call {
    method: string;
    path: string;
    query?: { readonly [name: string]: QueryValue };
    body?: unknown;
    /** A body that was made ready before. */
    ready?: ReadyBody;
    bytes?: { data: Uint8Array; type: string };
    headers?: { readonly [name: string]: string };
    token?: string;
    signal?: AbortSignal;
}

/** A body as it goes: JSON, and that packed where it pays and the way takes it. */
export interface ReadyBody {
    text: string;
    packed?: Uint8Array;
}

export interface Answer {
    status: number;
    data: unknown;
    header(name: string): string | null;
}

/** Smaller bodies fit into a packet or two as they are. */
const worthPacking = 4_096;

/** A call that takes longer has no answer: a stalled tab must hold no lock, and radio comes and goes. */
export const answerTime = 15_000;
/** A photo may take as long as the slowest radio needs for it: bytes a millisecond. */
const slowest = 8;

function queryText(query: { readonly [name: string]: QueryValue } | undefined): string {
    const parts = new URLSearchParams();
    for (const [name, value] of Object.entries(query ?? {})) {
        if (value === undefined || value === null) continue;
        parts.append(name, Array.isArray(value) ? value.join(",") : String(value));
    }
    const text = parts.toString();
    return text === "" ? "" : `?${text}`;
}

function asObject(value: unknown): { [name: string]: unknown } | undefined {
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as { [name: string]: unknown }) : undefined;
}

/** `data` of the envelope; in a flat location the members stand beside it, or the list is bare. */
function dataOf(body: unknown): unknown {
    const envelope = asObject(body);
    return envelope !== undefined && "data" in envelope ? envelope["data"] : body;
}

/** Every object of the API says whether it succeeded, and only lists of a flat location are bare. */
function isAnswer(path: string, body: unknown): boolean {
    return !path.startsWith("/api/") || Array.isArray(body) || typeof asObject(body)?.["success"] === "boolean";
}

/** Nobody waits longer because somebody between says so: timers of so many seconds overflow, too. */
const longestWait = 3_600;

/** Seconds; a moment is told by the calendar of whoever tells it, which may not be this device's. */
function retryAfterOf(response: Response): number | undefined {
    const text = response.headers.get("Retry-After")?.trim() ?? "";
    const asked = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.parse(response.headers.get("Date") ?? "")) / 1_000;
    return asked >= 0 ? Math.min(asked, longestWait) : undefined;
}

function refusalOf(response: Response, body: unknown): Refused | NoAnswer {
    const error = asObject(asObject(body)?.["error"]);
    const code = error?.["code"];
    // A page of a proxy or of a captive portal is no answer of the server's.
    if (typeof code !== "string") return new NoAnswer(`status ${response.status} without an error of the server's`, response.status, retryAfterOf(response));
    return new Refused(
        response.status,
        code as ErrorCode,
        String(error?.["message"] ?? code),
        Array.isArray(error?.["details"]) ? (error["details"] as Refused["details"]) : [],
        error?.["holder"] as Holder | undefined,
        asObject(body)?.["request_id"] as string | undefined,
        retryAfterOf(response),
    );
}

function aborted(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
}

/** The server says so with 415; somebody between may have a page for it. */
function isOfPacking(fault: unknown): boolean {
    return (fault instanceof Refused && (fault.status === 415 || fault.code === "json_invalid")) || (fault instanceof NoAnswer && [400, 403, 415, 501].includes(fault.status ?? 0));
}

/** Asks the server and takes its answers apart: nobody else sees an envelope. */
export class Transport {
    /** Something on the way takes no packed bodies. */
    #takesPacked = true;

    constructor(
        private readonly platform: Platform,
        private readonly baseUrl: string,
        private readonly cookie: boolean,
        private readonly watch: ClockWatch,
    ) {}

    #init({ method, body, ready, bytes, headers, token }: Call, signal: AbortSignal): RequestInit {
        const all: { [name: string]: string } = { Accept: "application/json", "X-Request-Id": this.platform.uuid(), ...headers };
        if (token !== undefined) all["Authorization"] = `Bearer ${token}`;
        if (this.cookie) all["X-StockVerify-Client"] = "console";
        const init: RequestInit = { method, headers: all, signal, credentials: this.cookie ? "same-origin" : "omit", cache: "no-store" };
        if (bytes !== undefined) {
            all["Content-Type"] = bytes.type;
            init.body = bytes.data as Uint8Array<ArrayBuffer>;
        } else if (ready !== undefined || body !== undefined) {
            all["Content-Type"] = "application/json";
            if (ready?.packed !== undefined) all["Content-Encoding"] = "gzip";
            init.body = (ready?.packed as Uint8Array<ArrayBuffer> | undefined) ?? ready?.text ?? JSON.stringify(body);
        }
        return init;
    }

    /** The answer as it comes, ended by `signal` alone: streams and files. */
    async open(call: Call, signal: AbortSignal): Promise<Response> {
        try {
            return await this.platform.fetch(this.baseUrl + call.path + queryText(call.query), this.#init(call, signal));
        } catch (error) {
            call.signal?.throwIfAborted();
            throw new NoAnswer(error instanceof Error ? error.message : String(error));
        }
    }

    async send(call: Call): Promise<Answer> {
        const end = new AbortController();
        const callOff = this.platform.timer(answerTime + (call.bytes?.data.length ?? 0) / slowest, () => end.abort(new NoAnswer("no answer in time")));
        const passOn = (): void => end.abort(call.signal?.reason);
        call.signal?.addEventListener("abort", passOn);
        try {
            call.signal?.throwIfAborted();
            // Not every fetch ends when it is told to.
            return await Promise.race([this.#askEitherWay(call, end.signal), aborted(end.signal)]);
        } finally {
            callOff();
            call.signal?.removeEventListener("abort", passOn);
        }
    }

    /** Packed, and as it is where somebody on the way takes no packed bodies. */
    async #askEitherWay(call: Call, signal: AbortSignal): Promise<Answer> {
        if (call.ready?.packed === undefined) return this.#ask(call, signal);
        const plain: Call = { ...call, ready: { text: call.ready.text } };
        if (!this.#takesPacked) return this.#ask(plain, signal);
        try {
            return await this.#ask(call, signal);
        } catch (fault) {
            if (!isOfPacking(fault)) throw fault;
            const answer = await this.#ask(plain, signal);
            this.#takesPacked = false;
            return answer;
        }
    }

    /** What takes its time of a body before it is sent. */
    async ready(body: unknown): Promise<ReadyBody> {
        const text = JSON.stringify(body);
        if (text.length < worthPacking || !this.#takesPacked || this.platform.pack === undefined) return { text };
        return { text, packed: await this.platform.pack(text) };
    }

    async #ask(call: Call, signal: AbortSignal): Promise<Answer> {
        const sent = this.watch.sent();
        return this.#read(await this.open(call, signal), call, sent);
    }

    async #read(response: Response, call: Call, sent: Moment | undefined): Promise<Answer> {
        const header = (name: string): string | null => response.headers.get(name);
        if (response.status === 304) return { status: 304, data: undefined, header };
        let body: unknown;
        try {
            body = JSON.parse(await response.text());
        } catch (error) {
            call.signal?.throwIfAborted();
            throw new NoAnswer(`status ${response.status}: ${error instanceof Error ? error.message : String(error)}`, response.status, retryAfterOf(response));
        }
        const data = dataOf(body);
        // Whoever else stands between may have a calendar of his own.
        const isServers = typeof asObject(body)?.["request_id"] === "string";
        if (sent !== undefined && isServers) this.watch.answered(sent, asObject(data)?.["server_time"], header("Date"));
        if (!response.ok || asObject(body)?.["success"] === false) throw refusalOf(response, body);
        if (!isAnswer(call.path, body)) throw new NoAnswer("an answer that is not the server's", response.status);
        return { status: response.status, data, header };
    }

    /** An answer that is no JSON, or the refusal that came instead. */
    async file(call: Call): Promise<Response> {
        const end = new AbortController();
        const callOff = this.platform.timer(answerTime, () => end.abort(new NoAnswer("no answer in time")));
        call.signal?.addEventListener("abort", () => end.abort(call.signal?.reason));
        try {
            const response = await this.open(call, end.signal);
            if (!response.ok) await this.#read(response, call, undefined);
            // The page that asks for a name before it lets anybody into the network.
            if (response.headers.get("Content-Type")?.startsWith("text/html") === true) throw new NoAnswer("a page instead of a file", response.status);
            return response;
        } finally {
            callOff();
        }
    }
}

/** `/api/racks/{rack_id}/items` with its values in place, percent-encoded. */
export function pathOf(template: string, values: { readonly [name: string]: unknown } = {}): string {
    return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(values[name])));
}
