/** Without signs that look alike, since people read it from paper. */
const signs = "abcdefghjkmnpqrstuvwxyz23456789";
const groups = 4;
const groupLength = 4;

/** A password that can be read out: four groups, some 79 bits. */
export function newPassword(random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) => crypto.getRandomValues(bytes)): string {
    const sign = (): string => {
        // Values beyond the last whole multiple would make some signs likelier.
        for (;;) {
            const value = random(new Uint8Array(1))[0] ?? 0;
            if (value < 256 - (256 % signs.length)) return signs[value % signs.length] ?? "";
        }
    };
    return Array.from({ length: groups }, () => Array.from({ length: groupLength }, sign).join("")).join("-");
}
