import type { Auth } from "./auth.js";
import type { KnownUser, NewUnknownItem } from "./client.js";
import type { SteadyClock } from "./clock.js";
import { Conflicts } from "./conflicts.js";
import { Leases } from "./lease.js";
import { type LineRow, Lines } from "./lines.js";
import { Shelf } from "./outbox.js";
import type { Channel, Platform } from "./platform.js";
import { Pull } from "./pull.js";
import { Queue } from "./queue.js";
import type { RescueFile } from "./rescue.js";
import type { Database } from "./store/store.js";
import { type PhotoRow, Sync, type UnknownRow, type Written } from "./sync.js";

/** What a tab tells the others of this user. */
interface Changed {
    kind: "changed";
    written: Written;
    /** Sessions were written. */
    leases: boolean;
    /** The last place in the queue that the tab knows of; tabs of builds before this one tell none. */
    order?: number;
}

export interface DeskParts {
    platform: Platform;
    clock: SteadyClock;
    auth: Auth;
    database: Database;
    user: KnownUser;
    settings: { batchSize(): number; heartbeatSeconds(): number };
    onFault(fault: unknown): void;
    /** Another tab of this user wrote. */
    onOtherTab(): void;
}

/** What one user works with on this device: a database of his own, and what is done with it. */
export class Desk {
    readonly queue: Queue;
    readonly leases: Leases;
    readonly sync: Sync;
    readonly pull: Pull;
    readonly conflicts: Conflicts;
    readonly #unknown: Shelf<UnknownRow>;
    readonly #photos: Shelf<PhotoRow>;
    readonly #lines: Shelf<LineRow>;
    readonly #channel: Channel | undefined;
    readonly #stop: (() => void)[] = [];

    private constructor(
        private readonly parts: DeskParts,
        made: { queue: Queue; lines: Shelf<LineRow>; unknown: Shelf<UnknownRow>; photos: Shelf<PhotoRow> },
    ) {
        const { platform, clock, auth, database, onFault, settings } = parts;
        const userId = parts.user.user_id;
        this.queue = made.queue;
        this.#lines = made.lines;
        this.#unknown = made.unknown;
        this.#photos = made.photos;
        this.leases = new Leases({ platform, clock, auth, database, userId, onFault, heartbeatSeconds: settings.heartbeatSeconds, onWritten: () => this.#tellTabs({}, true) });
        const { lines, unknown, photos } = made;
        const onSettled = (): void => this.#tellTabs({});
        this.sync = new Sync({ platform, auth, database, userId, queue: made.queue, leases: this.leases, lines, unknown, photos, batchSize: settings.batchSize, onFault, onSettled });
        this.pull = new Pull(platform, auth, database, userId);
        this.conflicts = new Conflicts({ platform, auth, database, userId, onChange: () => this.changed("unknown") });
        this.#channel = platform.channel?.(`stockverify-desk-${userId}`, (message) => void this.#otherTab(message as Changed));
        this.#stop.push(platform.lifecycle.onOnline(() => this.sync.wake()));
        this.#stop.push(platform.lifecycle.subscribe((state) => (state === "visible" ? this.sync.wake() : undefined)));
    }

    static async open(parts: DeskParts): Promise<Desk> {
        const { platform, database } = parts;
        const [lines, unknown, photos] = await Promise.all([
            new Shelf<LineRow>(platform, database, "lines").open(),
            new Shelf<UnknownRow>(platform, database, "unknown_items").open(),
            new Shelf<PhotoRow>(platform, database, "photos").open(),
        ]);
        const holder: { desk?: Desk } = {};
        const queue = await Queue.open(platform, database, new Lines(platform, lines), (more) => holder.desk?.changed(more));
        const desk = new Desk(parts, { queue, lines, unknown, photos });
        holder.desk = desk;
        await desk.leases.open();
        await desk.sync.open();
        return desk;
    }

    get database(): Database {
        return this.parts.database;
    }

    close(): void {
        for (const stop of this.#stop) stop();
        this.#channel?.close();
        this.sync.close();
        this.leases.close();
    }

    changed(more: Written | "unknown"): void {
        this.sync.written(more);
        this.#tellTabs(more === "unknown" ? {} : more);
    }

    #tellTabs(written: Written, leases = false): void {
        this.#channel?.send({ kind: "changed", written, leases, order: this.queue.order } satisfies Changed);
    }

    async #otherTab({ written, leases, order = 0 }: Changed): Promise<void> {
        this.queue.follow(order);
        this.parts.onOtherTab();
        this.sync.otherTabWrote(written);
        if (leases) await this.leases.reread().catch(this.parts.onFault);
    }

    /** What is over and told is forgotten after a while: nobody waits for that, nor for its code. */
    async tidy(): Promise<void> {
        const { tidy } = await import("./tidy.js");
        await tidy(this.parts.platform, this.parts.database, this.queue);
    }

    // ---- Finishing

    async complete(sessionId: string): Promise<void> {
        await this.leases.finish(sessionId);
        this.changed("unknown");
    }

    async cancelComplete(sessionId: string): Promise<void> {
        await this.leases.cancelFinish(sessionId);
        this.changed("unknown");
    }

    // ---- Beside the records

    async reportUnknown(item: NewUnknownItem): Promise<string> {
        const { platform, database } = this.parts;
        const unknown_item_id = platform.uuid();
        const found_at = new Date(platform.wall()).toISOString();
        await database.write([this.#unknown.row(unknown_item_id, { v: 1, item: { ...item, unknown_item_id, found_at } })]);
        this.changed({ unknown_items: 1 });
        return unknown_item_id;
    }

    async addPhoto(image: Uint8Array, type: string): Promise<string> {
        const id = this.parts.platform.uuid();
        await this.parts.database.write([this.#photos.row(id, { v: 1, id, type }, image)]);
        this.changed({ photos: 1 });
        return id;
    }

    async exportUnsent(app: string | undefined, device_id: string): Promise<RescueFile> {
        const { platform, user } = this.parts;
        return {
            format: "stockverify-unsent",
            version: 1,
            exported_at: new Date(platform.wall()).toISOString(),
            ...(app === undefined ? {} : { app }),
            user: { user_id: user.user_id, username: user.username },
            device_id,
            records: await this.queue.unsent(),
            unknown_items: (await this.#unknown.all()).map(({ item }) => item),
            count_lines: (await this.#lines.all()).map(({ session_id, line }) => ({ ...line, session_id })),
        };
    }

    /** Brings what the server has of a session to this device; what is here already stays as it is. */
    async restore(sessionId: string): Promise<number> {
        const { restore } = await import("./restore.js");
        const restored = await restore(this.parts, sessionId);
        this.changed("unknown");
        return restored;
    }
}
