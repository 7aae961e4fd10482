import type { PulledRack } from "@stockverify/client";

/** What of a rack says whether and when somebody goes there. */
export type PlacedRack = Pick<PulledRack, "rack_id" | "floor" | "zone" | "status" | "assigned_to">;

const order = new Intl.Collator("en", { numeric: true });

/** The order in which people walk: by floor, zone and rack, numbers by their value. */
const byWalk = (a: PlacedRack, b: PlacedRack): number => order.compare(a.floor, b.floor) || order.compare(a.zone ?? "", b.zone ?? "") || order.compare(a.rack_id, b.rack_id);

const isFree = (rack: PlacedRack): boolean => rack.status === "available";
const isOthers = (rack: PlacedRack, userId: string): boolean => rack.assigned_to !== undefined && rack.assigned_to.user_id !== userId;

/** What is this person's to count first, then what is nobody's, what is others', and what is not free; each in the order of walking. */
export function inOrder<Rack extends PlacedRack>(racks: readonly Rack[], userId: string): Rack[] {
    const rank = (rack: Rack): number => (!isFree(rack) ? 3 : isOthers(rack, userId) ? 2 : rack.assigned_to === undefined ? 1 : 0);
    return [...racks].sort((a, b) => rank(a) - rank(b) || byWalk(a, b));
}

/** Where to go next: to a free rack that is this person's, else one that is nobody's; on the floor of the last one and behind it, where there is one. */
export function nextRack<Rack extends PlacedRack>(racks: readonly Rack[], userId: string, last: PlacedRack | undefined): Rack | undefined {
    const far = (rack: Rack): number => (last === undefined ? 0 : rack.floor !== last.floor ? 2 : byWalk(rack, last) < 0 ? 1 : 0);
    const free = racks.filter((rack) => isFree(rack) && rack.rack_id !== last?.rack_id && !isOthers(rack, userId));
    return free.sort((a, b) => Number(a.assigned_to === undefined) - Number(b.assigned_to === undefined) || far(a) - far(b) || byWalk(a, b))[0];
}
