import type { CallOf, Config, Conflict, DataOf, ErrorCode, Holder, Method, PathOf, Record, SessionStats, User } from "./api.js";
import type { DeviceClock } from "./device_clock.js";
import type { EventListener, EventTopic } from "./events.js";
import type { Scan } from "./gs1.js";
import type { Observable } from "./observable.js";
import type { Platform } from "./platform.js";
import type { ConflictAction, ConflictChoice, DeviceConflict, DeviceRecord, FigureChanges, NewFigure, NewLine } from "./record.js";
import type { RescueFile } from "./rescue.js";
import type { Store } from "./store/store.js";

export interface ClientOptions {
    platform: Platform;
    store: Store;
    /** Of the server, without a slash at the end; "" in a page that the server itself serves. */
    baseUrl: string;
    /** The refresh token is a cookie that no script reads: only in a page that the server itself serves. */
    cookie?: boolean;
    /** Name and version of the app: for `min_client`, and told in rescue files. */
    app?: { name: string; version: string };
    /** Faults of a background task that nobody awaits, for a log. */
    onFault?: (fault: unknown) => void;
}

/** Who is known on this device: enough to greet and to open the right database. */
export type KnownUser = Pick<User, "user_id" | "username" | "full_name" | "role" | "warehouse">;

export type AuthState =
    | { state: "starting" }
    /** `last` may go on without network until `until` (wall clock, milliseconds); `null`: not any more. */
    | { state: "logged_out"; last: KnownUser | null; until: number | null; reason: ErrorCode | null }
    | { state: "logged_in"; user: KnownUser }
    /** Goes on counting without network; a login or refresh follows once there is one. */
    | { state: "offline"; user: KnownUser; until: number }
    /** The login ended; counting goes on, nothing is sent until the same user logs in again. */
    | { state: "expired"; user: KnownUser; reason: ErrorCode }
    /** The browser's login is another user's by now: nothing is sent from here. */
    | { state: "locked"; user: KnownUser };

/**
 * What is known of a lease. `held`: the rack is this user's for now. `unconfirmed`: it may be; counting goes on and a
 * heartbeat will say. `finishing`: complete is waiting to be sent. `ended`: released, completed, or paused past its time.
 */
export type LeaseState = "held" | "unconfirmed" | "paused" | "finishing" | "ended" | "lost";

/** Why a finish waits. */
export type FinishBlock = "unsent" | "refused" | "records_missing";

export interface HeldRack {
    rack_id: string;
    session_id: string;
    count_id: string;
    warehouse: string | null;
    floor: string;
    blind: boolean;
    strict: boolean;
    fence: number;
    round: number | null;
    lease: LeaseState;
    /** Who has it, when it is lost; and beside `ended` when it was taken over after this user finished. */
    holder?: Holder;
    finish?: { blocked_by: FinishBlock | null };
    stats?: SessionStats;
}

/** Why nothing is being sent. */
export type QueueProblem = "no_network" | "server_busy" | "storage_full" | "login_needed" | "other_user" | "logged_out";

/** What of this user is on this device and where it is going. */
export interface QueueState {
    /** Records without a verdict. */
    unsent: number;
    lines: number;
    unknown_items: number;
    photos: number;
    /** Finishes that were tapped and are not told yet. */
    finishes: number;
    /** Records a person must correct here. */
    refused: number;
    /** Records a person must decide about. */
    conflicts: number;
    sending: boolean;
    /** Of this run of sending. */
    progress: { done: number; total: number };
    /** Wall clock, milliseconds. */
    last_sent: number | null;
    next_try: number | null;
    problem: QueueProblem | null;
    /** Nothing is on this device alone. */
    all_safe: boolean;
}

/** An item expected on a rack as the device keeps it: never with book quantities, nor with what others counted. */
export interface RackItem {
    v: 1;
    rack_id: string;
    item_code: string;
    item_name: string | null;
    barcodes: string[];
    category: string | null;
    subcategory: string | null;
    uom: string | null;
    packs: { uom: string; factor: number; barcodes: string[] }[];
    mrp: number | null;
    serial_tracked: boolean;
    lot_tracked: boolean;
    expected: boolean;
    /** Figures of the round: whose, and whether they are parts. */
    counted_by: { client_record_id: string; session_id: string; user_id: string; full_name: string | null; lot: string | null; partial: boolean; declared_empty: boolean }[];
}

export interface PulledRack {
    v: 1;
    rack_id: string;
    warehouse: string;
    floor: string;
    zone: string | null;
    status: "available" | "claimed" | "paused" | "completed";
    estimated_items: number | null;
    /** Who is to count it; absent: nobody, or not known. */
    assigned_to?: { user_id: string; full_name: string | null };
    /** Who has it, when it was last seen. */
    holder?: { user_id: string; full_name: string | null };
}

/** What a scanned or typed code means on this device. */
export interface LookUp {
    scan: Scan;
    /** More than one where a code is several items'. */
    items: RackItem[];
    /** The pack's unit and how many pieces it has, where the code is a pack's. */
    pack: { uom: string; factor: number } | null;
}

export interface PullProgress {
    done: number;
    stage: "items";
}

export interface NewUnknownItem {
    code?: string;
    name?: string;
    remark?: string;
    photos?: string[];
    session_id?: string;
    rack_id?: string;
}

export interface Client {
    readonly auth: Observable<AuthState>;
    readonly queue: Observable<QueueState>;
    readonly racks: Observable<readonly HeldRack[]>;
    /** Grows when another tab of this user wrote: records that were read before may be old. */
    readonly changes: Observable<number>;
    /** `/api/config` as it was last told, also without network; `null` before the first login. */
    readonly config: Observable<Config | null>;
    /** Below `min_client`: what is unsent is sent, then an update is insisted on. */
    readonly updateNeeded: Observable<boolean>;
    /** By how much this device's calendar is wrong, as far as answers that came anyhow say. */
    readonly clock: Observable<DeviceClock>;

    /** Finds who was here, refreshes the login if it can, asks for held racks, and begins to send. Resolves when `auth` is settled.
     * `userId`: who worked here before a reload. Where no answer of the server ends the login, it goes on without network. */
    start(userId?: string): Promise<AuthState>;
    /** Stops timers, streams and sending; what is on the device stays. */
    close(): Promise<void>;

    login(username: string, password: string): Promise<KnownUser>;
    /** Needs an earlier password login on this device, and a PIN set then. */
    loginPin(username: string, pin: string): Promise<KnownUser>;
    setPin(currentPassword: string, pin: string): Promise<void>;
    /** Whether this user can log in by PIN here: a PIN was set, or used, on this device. */
    canUsePin(username: string): Promise<boolean>;
    /** "Continue as Asha": the last user, without network, within 12 h of the last contact. */
    continueOffline(): Promise<KnownUser>;
    /** Ends the login here at once; without network the server is told as soon as there is one. Keeps what is unsent. */
    logout(): Promise<void>;
    refresh(): Promise<void>;

    /** Sent before anything is believed; `Refused` with `rack_locked` has the holder. */
    claim(rackId: string, choice?: { count_id?: string; recount?: boolean; floor?: string }): Promise<HeldRack>;
    resume(sessionId: string): Promise<HeldRack>;
    pause(sessionId: string): Promise<HeldRack>;
    release(sessionId: string): Promise<void>;
    /** Durable at once, sent after each record of the session has a verdict; `racks` tells what became of it. */
    complete(sessionId: string): Promise<void>;
    /** Takes the finish back while it waits. */
    cancelComplete(sessionId: string): Promise<void>;
    /** Seconds that the lease is surely held; 0 when it is unconfirmed. */
    secondsLeft(sessionId: string): number;

    /** Resolves when the figure, with the scans behind it, is durable on this device: that is when the ok sound may be heard. */
    count(figure: NewFigure, lines?: readonly NewLine[]): Promise<DeviceRecord>;
    edit(sessionId: string, recordId: string, changes: FigureChanges, lines?: readonly NewLine[]): Promise<DeviceRecord>;
    void(sessionId: string, recordId: string, lines?: readonly NewLine[]): Promise<DeviceRecord>;
    records(sessionId: string): Promise<DeviceRecord[]>;
    refused(): Promise<DeviceRecord[]>;
    /** Brings a session's records from the server to a new or wiped device; returns how many. */
    restore(sessionId: string): Promise<number>;

    /** As verdicts told them, also without network. */
    conflicts(): Promise<DeviceConflict[]>;
    /**
     * What this user may do about each of them now, and what it is in conflict with, by `conflict_id`: asked of the server
     * each time. One that was decided meanwhile is not among them, and leaves this device.
     */
    conflictChoices(): Promise<ReadonlyMap<string, ConflictChoice>>;
    resolveConflict(conflictId: string, action: ConflictAction, record?: Partial<Record>): Promise<Conflict>;

    reportUnknown(item: NewUnknownItem): Promise<string>;
    /** Keeps a photo and returns its id for `photo_proofs`; sent after the records. */
    addPhoto(image: Uint8Array, type: "image/jpeg" | "image/png" | "image/webp"): Promise<string>;

    /** Sends what can be sent now; resolves when it is or when there is a reason to wait (`queue` tells). */
    sync(): Promise<void>;

    /** Takes the racks of a floor (or all), or one rack's items, for use without network. */
    pullRacks(floor?: string): Promise<number>;
    pullRack(rackId: string, onProgress?: (progress: PullProgress) => void): Promise<number>;
    pulledRacks(floor?: string): Promise<PulledRack[]>;
    items(rackId: string): Promise<RackItem[]>;
    /** The book quantity of a strict count, from memory: this page's pull told it. */
    bookQuantity(rackId: string, itemCode: string): number | null;
    lookUp(code: string, rackId?: string): Promise<LookUp>;

    /** Everything that is unsent, for a supervisor to send by `POST /api/sync/rescue`. */
    exportUnsent(): Promise<RescueFile>;

    /** Events of topics until the returned function is called; one stream for all tabs. */
    listen(topics: readonly EventTopic[], listener: EventListener): () => void;

    /** Any other operation of the API, by its path in openapi.yaml: `data` of its answer. */
    call<M extends Method, P extends PathOf<M>>(method: M, path: P, call: CallOf<M, P>): Promise<DataOf<M, P>>;
    /** A file or an image: what no JSON envelope holds. */
    download(path: string, signal?: AbortSignal): Promise<Response>;
}
