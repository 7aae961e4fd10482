/**
 * Where a reader of a list goes on when it was read anew: at the same row; where that is gone, at the next of those behind
 * it that is still there, else at the last. -1: nothing is left.
 */
export function placeAfter(before: readonly string[], after: readonly string[], key: string): number {
    const places = new Map(after.map((each, index) => [each, index]));
    const from = before.indexOf(key);
    for (const each of from < 0 ? [key] : before.slice(from)) {
        const place = places.get(each);
        if (place !== undefined) return place;
    }
    return after.length - 1;
}
