import { useMemo } from "preact/hooks";
import type { Bars } from "./code128.js";

const quiet = 10;

/** With the quiet zones that Code 128 asks for. */
export function Barcode({ value, draw }: { value: string; draw: (value: string) => Bars }) {
    const { width, bars } = useMemo(() => draw(value), [value]);
    return (
        <svg class="barcode" viewBox={`${-quiet} 0 ${width + 2 * quiet} 30`} preserveAspectRatio="none" role="img" aria-label={value} shape-rendering="crispEdges">
            <rect x={-quiet} width={width + 2 * quiet} height="30" fill="#fff" />
            {bars.map((bar) => <rect key={bar.at} x={bar.at} width={bar.width} height="30" fill="#000" />)}
        </svg>
    );
}
