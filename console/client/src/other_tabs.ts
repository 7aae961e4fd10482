import type { Channel, Platform } from "./platform.js";

/** How long another tab may take to say what it knows. */
const askTime = 80;

/** What a tab knows of a lease, in milliseconds. */
export interface KnownLease {
    /** For so long it is surely held; 0: the tab is not sure. */
    left: number;
    /** In so long the next heartbeat is due, from whichever tab; less than 0: it should have been sent. */
    due: number;
}

type Message = { kind: "ask"; question: string; session_id: string } | ({ kind: "known"; question: string } & KnownLease);

/** Other tabs of this user, asked for what they know of a lease: one heartbeat does for all of them. */
export class OtherTabs {
    readonly #channel: Channel;
    readonly #questions = new Map<string, (known: KnownLease) => void>();

    constructor(
        private readonly platform: Platform,
        open: NonNullable<Platform["channel"]>,
        userId: string,
        private readonly tell: (sessionId: string) => KnownLease | undefined,
    ) {
        this.#channel = open(`stockverify-leases-${userId}`, (message) => this.#hear(message as Message));
    }

    close(): void {
        this.#channel.close();
        this.#questions.clear();
    }

    /** The first that knows of a heartbeat that is not due yet. What it says was so when it was asked, or later. */
    ask(session_id: string): Promise<KnownLease | undefined> {
        const question = this.platform.uuid();
        return new Promise((resolve) => {
            const end = (known: KnownLease | undefined): void => {
                this.#questions.delete(question);
                callOff();
                resolve(known);
            };
            const callOff = this.platform.timer(askTime, () => end(undefined));
            this.#questions.set(question, end);
            this.#channel.send({ kind: "ask", question, session_id } satisfies Message);
        });
    }

    #hear(message: Message): void {
        if (message.kind === "known") {
            if (message.due > 0) this.#questions.get(message.question)?.(message);
            return;
        }
        const known = this.tell(message.session_id);
        if (known !== undefined) this.#channel.send({ kind: "known", question: message.question, ...known } satisfies Message);
    }
}
