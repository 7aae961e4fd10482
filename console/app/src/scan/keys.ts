/** What of a key press says which sign a scanner meant. */
export interface KeyPress {
    key: string;
    code: string;
    shiftKey: boolean;
    ctrlKey: boolean;
    metaKey: boolean;
    altKey: boolean;
}

/** The sign between the elements of a GS1 code; scanners type it as Ctrl+]. */
export const groupSeparator = "\u001d";

const marks: { readonly [code: string]: readonly [string, string] } = {
    Minus: ["-", "_"],
    Equal: ["=", "+"],
    BracketLeft: ["[", "{"],
    BracketRight: ["]", "}"],
    Backslash: ["\\", "|"],
    Semicolon: [";", ":"],
    Quote: ["'", '"'],
    Backquote: ["`", "~"],
    Comma: [",", "<"],
    Period: [".", ">"],
    Slash: ["/", "?"],
    Space: [" ", " "],
};

const shiftedDigits = ")!@#$%^&*(";

/** Scanners press the keys of an American keyboard, whatever layout the device has. */
function americanSign(code: string, shift: boolean): string | null {
    const letter = /^Key([A-Z])$/.exec(code)?.[1];
    if (letter !== undefined) return shift ? letter : letter.toLowerCase();
    const digit = /^(?:Digit|Numpad)([0-9])$/.exec(code)?.[1];
    if (digit !== undefined) return shift && code.startsWith("Digit") ? (shiftedDigits[Number(digit)] ?? null) : digit;
    return marks[code]?.[shift ? 1 : 0] ?? null;
}

/** Whose signs the scanner's keys are: those of the device's layout, or of an American keyboard whatever the device has (AZERTY, QWERTZ). */
export type KeyLayout = "device" | "american";

/** The sign that was meant; `null`: the press is none. Under an Arabic or Hindi layout the key's place tells it. */
export function signOf(press: KeyPress, layout: KeyLayout = "device"): string | null {
    if (press.ctrlKey && !press.altKey && !press.metaKey && press.code === "BracketRight") return groupSeparator;
    if (press.ctrlKey || press.metaKey || press.altKey) return null;
    const placed = layout === "american" ? americanSign(press.code, press.shiftKey) : null;
    if (placed !== null) return placed;
    if (/^[\u0020-\u007e\u001d]$/.test(press.key)) return press.key;
    // Keys without a sign have names of Latin letters; one press may make several signs: "لا" on an Arabic layout.
    if (/^[\u0020-\u007e]*$/.test(press.key)) return null;
    return americanSign(press.code, press.shiftKey) ?? ([...press.key].length === 1 ? press.key : null);
}
