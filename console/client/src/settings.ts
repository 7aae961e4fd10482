import type { Config } from "./api.js";
import type { Auth } from "./auth.js";
import { Source } from "./observable.js";
import type { Platform } from "./platform.js";
import type { Database } from "./store/store.js";
import { isOlder } from "./version.js";

interface Kept {
    v: 1;
    etag: string | null;
    config: Config;
}

/** `/api/config`: kept, so that a phone without network knows it, too. */
export class Settings {
    readonly config = new Source<Config | null>(null);
    readonly updateNeeded = new Source(false);

    constructor(
        private readonly platform: Platform,
        private readonly appVersion: string | undefined,
    ) {}

    batchSize(): number {
        return this.config.value?.sync_batch_size ?? 100;
    }

    heartbeatSeconds(): number {
        return this.config.value?.heartbeat_seconds ?? 25;
    }

    #show(config: Config): void {
        this.config.set(config);
        const least = (config as Config & { min_client?: string | null }).min_client;
        this.updateNeeded.set(typeof least === "string" && this.appVersion !== undefined && isOlder(this.appVersion, least));
    }

    async open(database: Database): Promise<void> {
        const kept = (await database.get("state", "config"))?.value as Kept | undefined;
        if (kept !== undefined) this.#show(kept.config);
    }

    async ask(auth: Auth, userId: string, database: Database): Promise<void> {
        const kept = (await database.get("state", "config"))?.value as Kept | undefined;
        const headers: { [name: string]: string } = kept?.etag == null ? {} : { "If-None-Match": kept.etag };
        const answer = await auth.call(userId, { method: "GET", path: "/api/config", headers });
        if (answer.status === 304) return;
        const config = answer.data as Config;
        const value: Kept = { v: 1, etag: answer.header("ETag"), config };
        await database.write([{ kind: "put", store: "state", key: "config", stamp: this.platform.uuid(), value }]);
        this.#show(config);
    }
}
