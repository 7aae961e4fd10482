const shortest = 2_000;
const longest = 300_000;

/**
 * Milliseconds until the next try after so many failures in a row: doubling from 2 s to 5 min, with jitter, so that a
 * hundred phones do not come back at once; never less than the server asked for.
 */
export function backoffDelay(failures: number, retryAfterSeconds: number | undefined, random: () => number): number {
    const doubled = Math.min(longest, shortest * 2 ** Math.min(failures, 16));
    const own = Math.max(shortest, doubled * (0.5 + random() / 2));
    if (retryAfterSeconds === undefined) return own;
    const asked = retryAfterSeconds * 1000;
    return Math.max(own, asked + random() * Math.min(asked, shortest));
}
