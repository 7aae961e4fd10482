/** The one place that knows uPlot: loaded when a chart is first drawn. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type MomentTexts, withoutRepeats } from "./moments.js";
import type { Line } from "./series.js";

interface PlotOptions {
    times: readonly number[];
    lines: readonly Line[];
    height: number;
    /** The reading side is the right one: time runs from there. */
    isMirrored: boolean;
    axisTexts: MomentTexts;
    onPoint: (index: number | null) => void;
}

/** Lines differ by their strokes as well as by their colours. */
const dashes: readonly (readonly number[])[] = [[], [8, 4], [2, 4], [12, 4, 2, 4], [4, 2]];

export class SeriesPlot {
    readonly #plot: uPlot;

    constructor(
        private readonly host: HTMLElement,
        options: PlotOptions,
    ) {
        const { times, lines, height, isMirrored, axisTexts, onPoint } = options;
        const color = (name: string) => () => this.#color(name);
        const axis: uPlot.Axis = { stroke: color("ink-soft"), grid: { stroke: color("line"), width: 1 }, ticks: { stroke: color("line"), width: 1 }, font: '12px system-ui, "Noto Sans", sans-serif' };
        this.#plot = new uPlot(
            {
                width: Math.max(100, host.clientWidth),
                height,
                legend: { show: false },
                cursor: { drag: { x: false, y: false } },
                scales: { x: { time: true, dir: isMirrored ? -1 : 1 } },
                series: [
                    {},
                    ...lines.map(
                        (line, index): uPlot.Series => ({
                            stroke: color(`series-${index + 1}`),
                            width: 2,
                            dash: [...(dashes[index] ?? [])],
                            points: { show: times.length <= 60, size: 7 },
                            value: (_, value) => (value === null ? "–" : line.text(value)),
                        }),
                    ),
                ],
                axes: [
                    { ...axis, values: (_, splits) => [...withoutRepeats(axisTexts(splits))], space: 80 },
                    { ...axis, side: isMirrored ? 1 : 3, size: 72, values: (_, splits) => splits.map((split) => lines[0]?.text(split) ?? "") },
                ],
                hooks: {
                    setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)],
                    draw: [(plot) => this.#mark(plot, lines)],
                },
            },
            [[...times], ...lines.map((line) => [...line.values])],
            host,
        );
    }

    /** A token's colour as it is now: light or dark. */
    #color(name: string): string {
        const probe = document.createElement("i");
        probe.style.color = `var(--${name})`;
        this.host.append(probe);
        const { color } = getComputedStyle(probe);
        probe.remove();
        return color;
    }

    /** Rings round what stands out: a form, beside any colour. */
    #mark(plot: uPlot, lines: readonly Line[]): void {
        const { ctx } = plot;
        ctx.save();
        ctx.lineWidth = 2 * devicePixelRatio;
        ctx.strokeStyle = this.#color("bad");
        for (const line of lines)
            for (const index of line.marked ?? []) {
                const value = line.values[index];
                const time = plot.data[0][index];
                if (value === null || value === undefined || time === undefined) continue;
                ctx.beginPath();
                ctx.arc(plot.valToPos(time, "x", true), plot.valToPos(value, "y", true), 9 * devicePixelRatio, 0, 2 * Math.PI);
                ctx.stroke();
            }
        ctx.restore();
    }

    draw(): void {
        this.#plot.redraw(false, true);
    }

    resize(width: number): void {
        if (width > 0) this.#plot.setSize({ width, height: this.#plot.height });
    }

    destroy(): void {
        this.#plot.destroy();
    }
}
