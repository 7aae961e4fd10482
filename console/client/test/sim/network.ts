import type { Tab } from "./device.js";
import type { Server } from "./server.js";
import type { World } from "./world.js";

export interface Weather {
    /** The request is lost. */
    lose: number;
    /** The answer is lost. */
    loseAnswer: number;
    /** The request comes twice. */
    double: number;
    /** Milliseconds each way, at most. */
    delay: number;
}

export const fair: Weather = { lose: 0, loseAnswer: 0, double: 0, delay: 50 };
export const foul: Weather = { lose: 0.15, loseAnswer: 0.2, double: 0.1, delay: 4_000 };

function failed(): TypeError {
    return new TypeError("fetch failed");
}

/** Between tabs and the server: loses, doubles and delays, each request for itself, so that they overtake each other. */
export class Network {
    weather: Weather = fair;
    down = false;
    requests = 0;

    constructor(
        private readonly world: World,
        private readonly server: Server,
    ) {}

    fetch(tab: Tab, url: string, init: RequestInit): Promise<Response> {
        const { signal } = init;
        return new Promise<Response>((resolve, reject) => {
            if (tab.dead) return;
            const settle = (call: () => void): void => {
                if (!tab.dead) call();
            };
            signal?.addEventListener("abort", () => settle(() => reject(signal.reason as Error)));
            if (signal?.aborted === true) return reject(signal.reason as Error);
            if (this.down) return void tab.platform.timer(20, () => settle(() => reject(failed())));
            this.requests += 1;
            const { lose, double } = this.weather;
            if (this.world.chance(double)) this.#carry(url, init, () => undefined);
            if (this.world.chance(lose)) return void this.#break(tab, () => settle(() => reject(failed())));
            this.#carry(url, init, (response) => {
                if (this.down || this.world.chance(this.weather.loseAnswer)) return this.#break(tab, () => settle(() => reject(failed())));
                // Whoever sleeps reads his answer when he wakes.
                tab.platform.timer(0, () => settle(() => resolve(response)));
            });
        });
    }

    #carry(url: string, init: RequestInit, answer: (response: Response) => void): void {
        this.world.timer(this.world.between(0, this.weather.delay), () => {
            const response = this.server.answer(url, init);
            this.world.timer(this.world.between(0, this.weather.delay), () => answer(response));
        });
    }

    /** A connection that broke: told at once, or noticed by nobody but the time-out. */
    #break(tab: Tab, tell: () => void): void {
        if (this.world.chance(0.5)) tab.platform.timer(this.world.between(0, 1_000), tell);
    }
}
