import { type KeyLayout, type KeyPress, signOf } from "./keys.js";

/** Signs that stand elsewhere on a French, a German or an American keyboard. */
export const testCode = "azqwym-AZ09/";

/** The test code as Code 128: bars and gaps in turn, in widths of the narrowest. */
const widths = "2112141211242141211211424211122121414131111221321113233123111231223211221132221123312331112";

/** Where the test code's bars are, and how wide all of it is. */
export function testBars(): { width: number; bars: readonly { at: number; width: number }[] } {
    const bars: { at: number; width: number }[] = [];
    let at = 0;
    for (const [index, digit] of [...widths].entries()) {
        const width = Number(digit);
        if (index % 2 === 0) bars.push({ at, width });
        at += width;
    }
    return { width: at, bars };
}

/** What the same keys say by each layout. */
export type Typed = { [Layout in KeyLayout]: string };

export function typedBy(presses: readonly KeyPress[]): Typed {
    const said = (layout: KeyLayout): string => presses.map((press) => signOf(press, layout) ?? "").join("");
    return { device: said("device"), american: said("american") };
}

/** The layout in which the test code was typed; `null`: it was something else, or in a layout that nobody can tell. */
export function layoutOf(typed: Typed): KeyLayout | null {
    if (typed.device === testCode) return "device";
    return typed.american === testCode ? "american" : null;
}
