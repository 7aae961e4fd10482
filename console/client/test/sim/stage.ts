import { type Client, type ClientOptions } from "../../src/client.js";
import { createClient } from "../../src/create_client.js";
import { seeded } from "../random.js";
import { Device, type Tab } from "./device.js";
import { Network } from "./network.js";
import { Server } from "./server.js";
import { World } from "./world.js";

/** One server, one phone, as many tabs as are opened; every fault nobody awaits fails the test. */
export class Stage {
    readonly world: World;
    readonly server: Server;
    readonly network: Network;
    readonly phone: Device;
    readonly asked: { path: string; body: string; at: number; init: RequestInit }[] = [];

    constructor(seed = 1) {
        this.world = new World(seeded(seed));
        this.server = new Server(this.world);
        this.network = new Network(this.world, this.server);
        this.phone = new Device(this.world, this.network, "phone");
        const answer = this.server.answer.bind(this.server);
        this.server.answer = (url, init) => {
            this.asked.push({ path: new URL(url).pathname, body: typeof init.body === "string" ? init.body : "", at: this.world.now, init });
            return answer(url, init);
        };
    }

    /** Answers a path in the server's place, as long as `answer` says something. */
    instead(path: string, answer: (init: RequestInit, url: URL) => Response | undefined): void {
        const before = this.server.answer.bind(this.server);
        this.server.answer = (text, init) => {
            const url = new URL(text);
            return (url.pathname === path ? answer(init, url) : undefined) ?? before(text, init);
        };
    }

    paths(path: string): { body: string; at: number }[] {
        return this.asked.filter((each) => each.path === path);
    }

    client(tab: Tab = this.phone.open(), options: Partial<ClientOptions> = {}): Client {
        return createClient({
            platform: tab.platform,
            store: tab.store,
            baseUrl: "http://server",
            onFault: (fault) => {
                throw fault;
            },
            ...options,
        });
    }

    async loggedIn(user = "asha", tab?: Tab, options?: Partial<ClientOptions>): Promise<Client> {
        const client = this.client(tab, options);
        await this.world.of(client.start());
        await this.world.of(client.login(user, "x"));
        await this.world.run(500);
        return client;
    }
}

export function refusal(status: number, code: string, headers: { [name: string]: string } = {}, more: object = {}): Response {
    return new Response(JSON.stringify({ success: false, data: null, error: { code, message: code, details: [], ...more }, message: code, request_id: "r" }), { status, headers });
}

export function success(data: unknown, headers: { [name: string]: string } = {}): Response {
    return new Response(JSON.stringify({ success: true, data, error: null, message: "OK", request_id: "r" }), { status: 200, headers });
}
