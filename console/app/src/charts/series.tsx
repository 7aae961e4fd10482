import { useEffect, useRef, useState } from "preact/hooks";
import { isRightToLeft, locale } from "../i18n/locale.js";
import { theme } from "../theme.js";
import type { MomentTexts } from "./moments.js";
import type { SeriesPlot } from "./plot.js";

export interface Line {
    name: string;
    values: readonly (number | null)[];
    text: (value: number) => string;
    /** Places of values that stand out: drawn as rings round their points. */
    marked?: readonly number[];
}

export interface SeriesProps {
    label: string;
    /** Seconds since 1970, ascending. */
    times: readonly number[];
    /** Of the points, and of places along the axis. */
    timeTexts: MomentTexts;
    axisTexts: MomentTexts;
    lines: readonly Line[];
    height?: number;
    /** What the page says for a table of the same. */
    tableLabel: string;
    timeLabel: string;
}

/** Lines over time. The drawing is for eyes; whoever can't see it, or wants the figures, opens the table beneath. */
export function Series(props: SeriesProps) {
    const { label, times, lines, height = 240, tableLabel, timeLabel, timeTexts, axisTexts } = props;
    const frame = useRef<HTMLDivElement>(null);
    const [at, setAt] = useState<number | null>(null);
    const chosen = theme.value;
    const isMirrored = isRightToLeft(locale.value);
    useEffect(() => {
        const host = frame.current;
        if (host === null) return;
        let plot: SeriesPlot | undefined;
        let isGone = false;
        const dark = matchMedia("(prefers-color-scheme: dark)");
        const draw = (): void => plot?.draw();
        dark.addEventListener("change", draw);
        void import("./plot.js").then(({ SeriesPlot }) => {
            if (isGone) return;
            plot = new SeriesPlot(host, { times, lines, height, isMirrored, axisTexts, onPoint: setAt });
        });
        const sized = new ResizeObserver(() => plot?.resize(host.clientWidth));
        sized.observe(host);
        return () => {
            isGone = true;
            dark.removeEventListener("change", draw);
            sized.disconnect();
            plot?.destroy();
        };
    }, [times, lines, height, axisTexts, chosen, isMirrored]);
    const told = timeTexts(times);
    const time = at === null ? undefined : told[at];
    return (
        <figure class="series">
            <ul class="row series-legend small" aria-hidden="true">
                {lines.map((line, index) => (
                    <li key={line.name} class="row">
                        <span class={`series-mark series-mark-${index + 1}`} />
                        <span>{line.name}</span>
                        {at !== null && <strong class="number" translate={false}>{line.values[at] === null || line.values[at] === undefined ? "–" : line.text(line.values[at])}</strong>}
                    </li>
                ))}
                {time !== undefined && <li class="soft" translate={false}>{time}</li>}
            </ul>
            <div ref={frame} class="series-plot" role="img" aria-label={label} style={{ blockSize: `${height}px` }} />
            <details class="small">
                <summary>{tableLabel}</summary>
                <div class="series-table">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{timeLabel}</th>
                                {lines.map((line) => (
                                    <th key={line.name} scope="col">
                                        {line.name}
                                    </th>
                                ))}
                            </tr>
                        </thead>
                        <tbody>
                            {times.map((seconds, index) => (
                                <tr key={seconds} translate={false}>
                                    <th scope="row">{told[index]}</th>
                                    {lines.map((line) => {
                                        const value = line.values[index];
                                        return <td key={line.name}>{value === null || value === undefined ? "–" : line.text(value)}</td>;
                                    })}
                                </tr>
                            ))}
                        </tbody>
                    </table>
                </div>
            </details>
        </figure>
    );
}
