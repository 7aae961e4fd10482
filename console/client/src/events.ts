/** What may be listened to (docs/events.md). */
export type EventTopic =
    | `rack:updates:${string}`
    | `session:updates:${string}`
    | `jobs:updates:${string}`
    | "global:notifications"
    | "floor"
    | "activity";

/** A hint that something changed: ids and states, never a quantity. */
export interface ServerEvent {
    type: string;
    id: string;
    at: string;
    [member: string]: unknown;
}

export interface EventListener {
    onEvent(event: ServerEvent): void;
    /** Events were missed: read all state anew. Called once at the beginning, too. */
    onReset(): void;
    /** Whether the stream stands. */
    onState?(connected: boolean): void;
}
