/** Days as they are chosen, in the zone of who looks at them. */
export function daysOf<Query extends { from?: string; to?: string }>(query: Query, zone: string = Intl.DateTimeFormat().resolvedOptions().timeZone): Query & { zone?: string } {
    return query.from === undefined && query.to === undefined ? query : { ...query, zone };
}
