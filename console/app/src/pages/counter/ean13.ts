const left = ["0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011"];
const parities = ["LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL"];
const inverted = (bits: string): string => [...bits].map((bit) => (bit === "0" ? "1" : "0")).join("");
const reversed = (bits: string): string => [...bits].reverse().join("");

/** The stripes of an EAN-13 code, as SVG: each dark run by its place and width. */
export function ean13Stripes(code: string): { at: number; width: number }[] {
    const digits = [...code].map(Number);
    const parity = parities[digits[0] ?? 0] ?? "";
    const half = digits.slice(1, 7).map((digit, index) => {
        const bits = left[digit] ?? "";
        return parity[index] === "G" ? reversed(inverted(bits)) : bits;
    });
    const other = digits.slice(7).map((digit) => inverted(left[digit] ?? ""));
    const bits = `101${half.join("")}01010${other.join("")}101`;
    return [...bits.matchAll(/1+/g)].map((run) => ({ at: run.index, width: run[0].length }));
}
