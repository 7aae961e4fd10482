import type { KnownUser } from "./client.js";
import type { Platform } from "./platform.js";
import type { Change, Database, Store } from "./store/store.js";

/** How long the last user may go on without network. */
export const offlineTime = 12 * 3600_000;

interface LastUser {
    v: 1;
    user: KnownUser;
    /** Wall clock of the last answer to this user. */
    contact: number;
    logged_out: boolean;
}

/** A logout that the server has not heard of. */
export interface PendingLogout {
    v: 1;
    user_id: string;
    refresh_token: string | null;
}

/** What a PIN needs beside itself. */
interface Secret {
    v: 1;
    device_secret: string;
    /** A PIN was set, or used, on this device. */
    pin?: boolean;
}

/** What belongs to the device and to none of its users. Nothing here is derived from a PIN or a password. */
export class Device {
    private constructor(
        private readonly database: Database,
        private readonly platform: Platform,
        readonly id: string,
    ) {}

    static async open(store: Store, platform: Platform): Promise<Device> {
        const database = await store.open("device");
        const known = async (): Promise<string | undefined> => ((await database.get("state", "device"))?.value as { device_id: string } | undefined)?.device_id;
        const kept = await known();
        if (kept !== undefined) return new Device(database, platform, kept);
        const made = platform.uuid();
        await database.write([{ kind: "put", store: "state", key: "device", stamp: made, value: { v: 1, device_id: made }, expect: null }]);
        // Another tab may have been quicker.
        return new Device(database, platform, (await known()) ?? made);
    }

    async #read<T>(key: string): Promise<T | undefined> {
        return (await this.database.get("state", key))?.value as T | undefined;
    }

    async #keep(key: string, value: object): Promise<void> {
        await this.database.write([{ kind: "put", store: "state", key, stamp: this.platform.uuid(), value }]);
    }

    last(): Promise<LastUser | undefined> {
        return this.#read("last");
    }

    /** Somebody logged in. */
    async entered(user: KnownUser): Promise<void> {
        await this.#keep("last", { v: 1, user, contact: this.platform.wall(), logged_out: false } satisfies LastUser);
    }

    /** An answer came to whoever is here. One that comes late, to a tab that has not heard of a logout or of another's login, says nothing. */
    async contact(user: KnownUser): Promise<void> {
        const row = await this.database.get("state", "last");
        const last = row?.value as LastUser | undefined;
        if (row === undefined || last === undefined || last.logged_out || last.user.user_id !== user.user_id) return;
        const value: LastUser = { ...last, user, contact: this.platform.wall() };
        await this.database.write([{ kind: "put", store: "state", key: "last", stamp: this.platform.uuid(), value, expect: row.stamp }]);
    }

    /** The login is over here, and the server is to be told: both at once, so that no restart finds half a logout. */
    async logOut(pending: PendingLogout): Promise<void> {
        for (;;) {
            const row = await this.database.get("state", "last");
            const put = (key: string, value: object): Change => ({ kind: "put", store: "state", key, stamp: this.platform.uuid(), value });
            const changes: Change[] = [put("logout_pending", pending)];
            const last = row?.value as LastUser | undefined;
            if (row !== undefined && last?.user.user_id === pending.user_id) changes.push({ ...put("last", { ...last, logged_out: true }), expect: row.stamp });
            if (await this.database.write(changes)) return;
        }
    }

    /** Until when the last user may go on without network; `null`: not any more. A calendar set back counts as no time. */
    async offlineUntil(): Promise<number | null> {
        const last = await this.last();
        if (last === undefined || last.logged_out) return null;
        const until = last.contact + offlineTime;
        return this.platform.wall() < until ? until : null;
    }

    #secret(username: string): Promise<Secret | undefined> {
        return this.#read(`secret/${username.toLowerCase()}`);
    }

    async secret(username: string): Promise<string | undefined> {
        return (await this.#secret(username))?.device_secret;
    }

    /** A new secret is a device that the server did not know any more, and with the devices it forgets the PIN. */
    async keepSecret(username: string, secret: string): Promise<void> {
        await this.#keep(`secret/${username.toLowerCase()}`, { v: 1, device_secret: secret } satisfies Secret);
    }

    async hasPin(username: string): Promise<boolean> {
        return (await this.#secret(username))?.pin === true;
    }

    /** That there is a PIN, or none any more; nothing of the PIN itself. */
    async keepPin(username: string, pin: boolean): Promise<void> {
        const known = await this.#secret(username);
        if (known !== undefined && (known.pin === true) !== pin) await this.#keep(`secret/${username.toLowerCase()}`, { ...known, pin });
    }

    pendingLogout(): Promise<PendingLogout | undefined> {
        return this.#read("logout_pending");
    }

    async keepPendingLogout(pending: PendingLogout): Promise<void> {
        await this.#keep("logout_pending", pending);
    }

    async logoutTold(): Promise<void> {
        await this.database.write([{ kind: "delete", store: "state", key: "logout_pending" }]);
    }

    close(): void {
        this.database.close();
    }
}
