/** When the world began, in milliseconds since 1970. */
export const began = 1_700_000_000_000;

/** Time that passes only when everything that can happen now has happened. */
export class World {
    now = 0;
    #order = 0;
    readonly #due: { at: number; order: number; call: () => void }[] = [];

    constructor(readonly random: () => number) {}

    /** From `low` up to `high`, whole. */
    between(low: number, high: number): number {
        return low + Math.floor(this.random() * (high - low + 1));
    }

    chance(probability: number): boolean {
        return this.random() < probability;
    }

    pick<T>(choices: readonly T[]): T {
        const choice = choices[Math.floor(this.random() * choices.length)];
        if (choice === undefined) throw new Error("nothing to pick from");
        return choice;
    }

    timer(milliseconds: number, call: () => void): () => void {
        const entry = { at: this.now + Math.max(0, milliseconds), order: this.#order++, call };
        let low = 0;
        let high = this.#due.length;
        while (low < high) {
            const middle = (low + high) >>> 1;
            const each = this.#due[middle];
            if (each !== undefined && (each.at < entry.at || (each.at === entry.at && each.order < entry.order))) low = middle + 1;
            else high = middle;
        }
        this.#due.splice(low, 0, entry);
        return () => {
            const index = this.#due.indexOf(entry);
            if (index >= 0) this.#due.splice(index, 1);
        };
    }

    pause(milliseconds: number): Promise<void> {
        return new Promise((resolve) => void this.timer(milliseconds, resolve));
    }

    /** What a real disk, or something as slow, is at: no time passes meanwhile. */
    readonly working = new Set<object>();

    /** Everything that follows from what happened, without any time passing. */
    async settle(): Promise<void> {
        do await new Promise((resolve) => setImmediate(resolve));
        while (this.working.size > 0);
    }

    /** Lets so much time pass. `after` is called after each step. */
    async run(milliseconds: number, after: () => void = () => undefined): Promise<void> {
        const until = this.now + milliseconds;
        await this.settle();
        for (let next = this.#due[0]; next !== undefined && next.at <= until; next = this.#due[0]) {
            this.#due.shift();
            this.now = Math.max(this.now, next.at);
            next.call();
            await this.settle();
            after();
        }
        this.now = until;
    }

    /** Lets time pass until `done`, at most so much. */
    async until(done: () => boolean, atMost = 3_600_000): Promise<void> {
        const end = this.now + atMost;
        await this.settle();
        while (!done()) {
            const next = this.#due.shift();
            if (next === undefined || next.at > end) throw new Error(`it did not come to that in ${atMost} ms`);
            this.now = Math.max(this.now, next.at);
            next.call();
            await this.settle();
        }
    }

    /** What a promise becomes, with as much time as that takes. */
    async of<T>(promise: Promise<T>, atMost = 3_600_000): Promise<T> {
        let settled = false;
        const mark = promise.then(
            () => (settled = true),
            () => (settled = true),
        );
        await this.until(() => settled, atMost);
        await mark;
        return promise;
    }
}
