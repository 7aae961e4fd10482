/** What the camera shows, thinned to what a person means: a code held in the frame counts once. Pure: times come in. */
export class SteadyReader {
    readonly #inFrame = new Map<string, number>();
    readonly #once = new Map<string, number>();

    constructor(
        /** A code is out of the frame when it was not read for so long, in milliseconds. */
        private readonly gone = 1200,
        /** Two equal reads of a one-dimensional code must come within this time. */
        private readonly pair = 600,
    ) {}

    /** The codes of one picture; what is new among them, and whether some are only still there. */
    read(codes: readonly { text: string; format: string }[], at: number): { fresh: string[]; held: boolean } {
        const fresh: string[] = [];
        let held = false;
        for (const { text, format } of codes) {
            const last = this.#inFrame.get(text);
            const isStill = last !== undefined && at - last < this.gone;
            if (isStill) held = true;
            else if (!this.#isSure(text, format, at)) continue;
            else fresh.push(text);
            this.#inFrame.set(text, at);
        }
        return { fresh, held };
    }

    /** Symbols with error correction are sure at once; stripes are read twice. */
    #isSure(text: string, format: string, at: number): boolean {
        if (/^(?:QRCode|DataMatrix|MicroQR|Aztec|PDF417)/.test(format)) return true;
        const before = this.#once.get(text);
        this.#once.set(text, at);
        return before !== undefined && at - before <= this.pair;
    }
}
