/** Whether version `a` ("1.10.2") comes before `b`. What is no number counts as 0. */
export function isOlder(a: string, b: string): boolean {
    const parts = (version: string): number[] => version.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0);
    const [mine, theirs] = [parts(a), parts(b)];
    for (let i = 0; i < Math.max(mine.length, theirs.length); i++) {
        const difference = (mine[i] ?? 0) - (theirs[i] ?? 0);
        if (difference !== 0) return difference < 0;
    }
    return false;
}
