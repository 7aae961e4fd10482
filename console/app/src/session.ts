import { type ReadonlySignal, signal } from "@preact/signals";
import { type AuthState, createClient, type KnownUser, type Observable, webPlatform } from "@stockverify/client";
import { idbStore } from "@stockverify/client/idb";
import { reportFault } from "./faults.js";

export const build: string = __BUILD__;

/** "1.0.0+3285729834": what `min_client` is compared with, and which build exactly. */
export const version = `${__VERSION__}+${build}`;

/** The page's one client: login, racks, queue, and every call of the API. */
export const client = createClient({
    platform: webPlatform(),
    store: idbStore(),
    baseUrl: "",
    cookie: true,
    app: { name: "console", version },
    onFault: reportFault,
});

/** Why the client could not start: there is nothing to keep a count in. */
export const startFault = signal<unknown>(null);

/** A component that reads it is rendered again when it changes. */
export function signalOf<T>(observable: Observable<T>): ReadonlySignal<T> {
    const found = signal<T>(observable.value);
    observable.subscribe((value) => {
        found.value = value;
    });
    return found;
}

export const auth = signalOf<AuthState>(client.auth);
export const queue = signalOf(client.queue);
export const racks = signalOf(client.racks);
export const deviceClock = signalOf(client.clock);
export const config = signalOf(client.config);
export const updateNeeded = signalOf(client.updateNeeded);

export type Role = KnownUser["role"];

const rank: { [R in Role]: number } = { staff: 0, supervisor: 1, admin: 2 };

export const mayBe = (role: Role, least: Role): boolean => rank[role] >= rank[least];

/** Who works here now, whether or not the server is within reach. */
export function currentUser(): KnownUser | null {
    const state = auth.value;
    return state.state === "logged_in" || state.state === "offline" || state.state === "expired" ? state.user : null;
}
