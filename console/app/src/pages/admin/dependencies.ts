import type { Schema } from "@stockverify/client";

export type DependencyName = "redis" | "mongodb" | "threads" | "erp";
export type DependencyState = "up" | "busy" | "refuses_writes" | "down" | "off";
export type Breaker = "closed" | "open" | "half_open";

/** What the server needs, told alike whatever it is. */
export interface Dependency {
    name: DependencyName;
    state: DependencyState;
    milliseconds: number | null;
    version: string | null;
    breaker: Breaker | null;
    error: string | null;
}

type Health = Schema<"Health">;

const nothing = { milliseconds: null, version: null, breaker: null, error: null } as const;

export function dependenciesOf({ checks }: Health): Dependency[] {
    return [
        { ...nothing, name: "mongodb", state: checks.mongodb.status, milliseconds: checks.mongodb.latency_ms ?? null, breaker: checks.circuit.status },
        { ...nothing, name: "redis", state: checks.redis.status, milliseconds: checks.redis.latency_ms ?? null, error: checks.redis.reason ?? null },
        { ...nothing, name: "threads", state: checks.threads.status },
        { ...nothing, name: "erp", state: checks.erp.status },
    ];
}

export const overallOf = (health: Health): Health["status"] => health.status;
