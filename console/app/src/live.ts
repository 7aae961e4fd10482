import { effect, signal } from "@preact/signals";
import type { EventTopic, KnownUser, ServerEvent } from "@stockverify/client";
import { useEffect, useRef } from "preact/hooks";
import { type EventKinds, LiveHub } from "./live-events.js";
import { auth, client, type Role } from "./session.js";

export type LiveState = "off" | "connecting" | "live";

/** Whether what happens is heard at once. */
export const liveState = signal<LiveState>("off");

const hub = new LiveHub((call) => {
    const id = requestAnimationFrame(call);
    return () => cancelAnimationFrame(id);
});

/** One set of topics a role: so that all tabs of a person share one stream, whatever pages they show. */
const topics: { [R in Role]: readonly EventTopic[] } = {
    staff: ["rack:updates:*", "jobs:updates:*", "global:notifications"],
    supervisor: ["activity", "jobs:updates:*"],
    admin: ["activity", "jobs:updates:*"],
};

/** A page that is left for another which listens, too, must not cost a new stream. */
const linger = 5000;
const isWanted = signal(false);
let leaving: ReturnType<typeof setTimeout> | undefined;

function openFor({ role }: KnownUser): () => void {
    liveState.value = "connecting";
    const close = client.listen(topics[role], {
        onEvent: (event) => hub.take(event),
        onReset: () => hub.reset(),
        onState: (connected) => {
            liveState.value = connected ? "live" : "connecting";
        },
    });
    return () => {
        close();
        hub.drop();
        liveState.value = "off";
    };
}

// The stream lasts as long as the login, and as somebody listens; a login after an ended one begins it anew, and with it what is shown.
let opened: { user: string; close: () => void } | null = null;
effect(() => {
    const state = auth.value;
    const user = state.state === "logged_in" && isWanted.value ? state.user : null;
    const name = user === null ? null : `${user.user_id} ${user.role} ${user.warehouse ?? ""}`;
    if (opened?.user === name) return;
    opened?.close();
    opened = user === null || name === null ? null : { user: name, close: openFor(user) };
});

/** Listens outside of any page, until the returned function is called. */
export function listenLive(kinds: EventKinds, onEvents: (events: readonly ServerEvent[]) => void, onReset: () => void): () => void {
    const stop = hub.listen({ kinds, onEvents, onReset });
    clearTimeout(leaving);
    isWanted.value = true;
    return () => {
        stop();
        clearTimeout(leaving);
        leaving = setTimeout(() => {
            isWanted.value = hub.size > 0;
        }, linger);
    };
}

/**
 * While the page is open: `onEvents` with what came since the last frame of these kinds (["count.", "review."]), and
 * `onReset` when events may have been missed, which is also when the stream first stands: what is shown is read anew then.
 */
export function useLive(kinds: EventKinds, onEvents: (events: readonly ServerEvent[]) => void, onReset: () => void): void {
    const latest = useRef({ onEvents, onReset });
    latest.current = { onEvents, onReset };
    useEffect(
        () =>
            listenLive(
                kinds,
                (events) => latest.current.onEvents(events),
                () => latest.current.onReset(),
            ),
        [kinds.join(" ")],
    );
}

/**
 * Reads what is shown anew when such an event comes that `concerns` it: at once, then at most once in a `pause` of
 * milliseconds, however many come.
 */
export function useLiveReload(kinds: EventKinds, reload: () => unknown, concerns: (event: ServerEvent) => boolean = () => true, pause = 1000): void {
    const waits = useRef<{ timer: ReturnType<typeof setTimeout> | undefined; again: boolean }>({ timer: undefined, again: false });
    const latest = useRef(reload);
    latest.current = reload;
    const ask = (): void => {
        const state = waits.current;
        if (state.timer !== undefined) {
            state.again = true;
            return;
        }
        void latest.current();
        state.timer = setTimeout(() => {
            state.timer = undefined;
            if (!state.again) return;
            state.again = false;
            ask();
        }, pause);
    };
    useEffect(() => () => clearTimeout(waits.current.timer), []);
    useLive(kinds, (events) => void (events.some(concerns) && ask()), ask);
}
