interface Assigned {
    rack_id: string;
    assigned_to?: readonly { user_id?: string }[];
}

/** All assignments of a count once `racks` are `users`' and nobody else's. */
export function assignedAfter(all: readonly Assigned[], racks: readonly string[], users: readonly string[]): { rack_id: string; user_id: string }[] {
    const changed = new Set(racks);
    const kept = all
        .filter((rack) => !changed.has(rack.rack_id))
        .flatMap((rack) => (rack.assigned_to ?? []).flatMap((person) => (person.user_id === undefined ? [] : [{ rack_id: rack.rack_id, user_id: person.user_id }])));
    return [...kept, ...racks.flatMap((rack_id) => users.map((user_id) => ({ rack_id, user_id })))];
}
