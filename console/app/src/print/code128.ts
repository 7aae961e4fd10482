import { code128 } from "bwip-js/generic";

export interface Bars {
    /** In widths of the narrowest bar, without the quiet zones. */
    width: number;
    bars: readonly { at: number; width: number }[];
}

/** The narrowest bar's width: an even one, so that the middle of a line is no fraction. */
const unit = 2;

const nothing = (): void => undefined;

/** What Code 128 is sure to hold: other signs need a QR code. */
export const fitsCode128 = (value: string): boolean => /^[ -~]{1,48}$/.test(value);

export function code128Bars(value: string): Bars {
    const bars: { at: number; width: number }[] = [];
    let whole = 0;
    code128(
        { bcid: "code128", text: value, scale: unit, height: 1, includetext: false },
        {
            scale: () => null,
            measure: () => ({ width: 0, ascent: 0, descent: 0 }),
            init: (width) => {
                whole = width / unit;
            },
            // By its middle.
            line: (x, _y, _x1, _y1, width) => {
                bars.push({ at: (x - width / 2) / unit, width: width / unit });
            },
            polygon: nothing,
            hexagon: nothing,
            ellipse: nothing,
            fill: nothing,
            text: nothing,
            end: nothing,
        },
    );
    return { width: whole, bars };
}
