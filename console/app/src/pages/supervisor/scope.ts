import { readQuantity, toNumber } from "@stockverify/client";

export interface Scope {
    by: "all" | "floor" | "zone" | "racks";
    floor: string;
    zone: string;
    racks: ReadonlySet<string>;
}

/** Limits as they are typed. */
export interface Limits {
    percent: string;
    quantity: string;
    value: string;
    differentUser: boolean;
}

export const noLimits: Limits = { percent: "", quantity: "", value: "", differentUser: true };

/** The racks that a count names; `null`: it names none, and is of the floor or the warehouse. A zone is its racks of today. */
export function racksInScope(scope: Scope, racks: readonly { rack_id: string; zone: string | null }[]): string[] | null {
    if (scope.by === "zone") return racks.filter((rack) => rack.zone === scope.zone).map((rack) => rack.rack_id);
    if (scope.by === "racks") return racks.filter((rack) => scope.racks.has(rack.rack_id)).map((rack) => rack.rack_id);
    return null;
}

/** What was typed for a limit: `null` where nothing was, `undefined` where it is no number. */
export function limitOf(typed: string): number | null | undefined {
    if (typed.trim() === "") return null;
    const read = readQuantity(typed);
    return "quantity" in read ? toNumber(read.quantity) : undefined;
}
