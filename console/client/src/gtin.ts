/** The check digit (modulo 10, weights 3 and 1 from the right) that belongs behind these digits. */
export function checkDigit(digits: string): string {
    let sum = 0;
    for (let i = 0; i < digits.length; i++) sum += Number(digits[i]) * ((digits.length - i) % 2 === 1 ? 3 : 1);
    return String((10 - (sum % 10)) % 10);
}

export function hasCheckDigit(digits: string): boolean {
    return digits.length >= 2 && checkDigit(digits.slice(0, -1)) === digits.at(-1);
}

/** The 14 digits in which GTIN-8, UPC-A, EAN-13 and GTIN-14 of one article meet; `undefined`: it is none. */
export function normalGtin(code: string): string | undefined {
    return /^[0-9]{8,14}$/.test(code) && hasCheckDigit(code) ? code.padStart(14, "0") : undefined;
}

/** Of a zero-suppressed UPC-E (GS1 General Specifications, 5.2.2.4.1): its last digit says which zeros were left out. */
function upcE(code: string): string | undefined {
    if (!/^[01][0-9]{7}$/.test(code)) return undefined;
    const d = code.slice(1, 7);
    const last = d[5] ?? "";
    const middle = "012".includes(last) ? `${d.slice(0, 2)}${last}0000${d.slice(2, 5)}`
        : last === "3" ? `${d.slice(0, 3)}00000${d.slice(3, 5)}`
        : last === "4" ? `${d.slice(0, 4)}00000${d.slice(4, 5)}`
        : `${d.slice(0, 5)}0000${last}`;
    return normalGtin(`${code[0]}${middle}${code[7]}`);
}

export function gtinOf(code: string): string | undefined {
    return normalGtin(code) ?? upcE(code);
}
