/** The zone that this device shows times in. */
export const deviceZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Days as they are chosen, in the zone of who looks at them. */
export function daysOf<Query extends { from?: string; to?: string }>(query: Query, zone: string = deviceZone()): Query & { tz?: string } {
    return query.from === undefined && query.to === undefined ? query : { ...query, tz: zone };
}
