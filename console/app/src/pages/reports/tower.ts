import { batch, type ReadonlySignal, signal, type Signal } from "@preact/signals";
import type { Schema, ServerEvent } from "@stockverify/client";

type Answer = Schema<"Watchtower">;
export type TowerRack = Answer["racks"][number];
export type TowerPerson = Answer["people"][number];
export type RackState = TowerRack["status"];

export interface Floor {
    name: string;
    zones: readonly { name: string; racks: readonly Signal<TowerRack>[] }[];
    counts: ReadonlySignal<{ readonly [S in RackState]: number }>;
}

/** What an event makes of a rack; a rack that is released or interrupted can be claimed again. */
const statusAfter: { readonly [type: string]: RackState } = {
    "rack.claimed": "claimed",
    "rack.resumed": "claimed",
    "rack.paused": "paused",
    "rack.released": "available",
    "rack.interrupted": "available",
    "rack.completed": "completed",
};

const isLife = (type: string): boolean => type === "session.synced" || type === "rack.claimed" || type === "rack.resumed" || type === "rack.paused";

/** How many of the newest happenings are shown. */
const remembered = 20;

const same = (one: object, other: object): boolean => Object.entries(one).every(([name, value]) => (other as { [name: string]: unknown })[name] === value);

const nobody = { available: 0, claimed: 0, paused: 0, completed: 0 };

function textOf(event: ServerEvent, name: string): string | null {
    const value = event[name];
    return typeof value === "string" ? value : null;
}

/**
 * A warehouse as it is now: read once, then changed by events, each rack and person by itself, so that one that changes
 * costs what one costs. What is read again later is laid over it in the same way.
 */
export class Tower {
    readonly floors = signal<readonly Floor[]>([]);
    /** Live floor sessions, by the session. */
    readonly people = signal<readonly Signal<TowerPerson>[]>([]);
    readonly activity = signal<readonly ServerEvent[]>([]);
    /** The server's clock before this device's, in milliseconds. */
    readonly ahead = signal(0);

    readonly #racks = new Map<string, Signal<TowerRack>>();
    readonly #people = new Map<string, Signal<TowerPerson>>();
    readonly #names = new Map<string, Pick<TowerPerson, "username" | "full_name">>();
    /** Whose name was asked for already: who is gone before the answer comes is not asked for again and again. */
    readonly #asked = new Set<string>();
    #counts = new Map<string, Signal<{ [S in RackState]: number }>>();
    #warehouse: string | null = null;
    /** Events that came while an answer was under way: they may be newer than it is. */
    #meanwhile: ServerEvent[] | null = null;

    constructor(private readonly wall: () => number) {}

    /** Before the state is asked for. */
    asking(): void {
        this.#meanwhile ??= [];
    }

    /** The state was told. */
    told(answer: Answer): void {
        const meanwhile = this.#meanwhile ?? [];
        this.#meanwhile = null;
        batch(() => {
            this.ahead.value = Date.parse(answer.server_time) - this.wall();
            this.#warehouse = answer.warehouse;
            this.#layRacks(answer.racks);
            this.#layPeople(answer.people);
            this.#apply(meanwhile);
            const known = answer.activity as readonly ServerEvent[];
            this.activity.value = known.slice(0, remembered);
            this.#remember(meanwhile.filter((event) => !known.some(({ type, id, at }) => type === event.type && id === event.id && at === event.at)));
        });
    }

    /** True when what an event told of is not known here: the state is to be asked for anew. */
    take(events: readonly ServerEvent[]): boolean {
        const here = events.filter((event) => this.#isHere(event));
        this.#meanwhile?.push(...here);
        return batch(() => {
            this.#remember(here);
            return this.#apply(here);
        });
    }

    #isHere(event: ServerEvent): boolean {
        const warehouse = textOf(event, "warehouse");
        return this.#warehouse === null || warehouse === null || warehouse === this.#warehouse;
    }

    nameOf(userId: string | null): string | null {
        if (userId === null) return null;
        const known = this.#names.get(userId);
        return known?.full_name ?? known?.username ?? userId;
    }

    rack(rackId: string): ReadonlySignal<TowerRack> | undefined {
        return this.#racks.get(rackId);
    }

    /** Racks whose own name, zone or person has all of the words, in the order of the floors. */
    find(words: string): readonly ReadonlySignal<TowerRack>[] {
        const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
        if (wanted.length === 0) return [];
        const isMeant = (rack: TowerRack): boolean => {
            const known = rack.user_id === null ? undefined : this.#names.get(rack.user_id);
            const told = [rack.rack_id, rack.zone, rack.user_id, known?.username, known?.full_name].join("\n").toLowerCase();
            return wanted.every((word) => told.includes(word));
        };
        return [...this.#racks.values()].filter((rack) => isMeant(rack.value));
    }

    personOn(rackId: string): TowerPerson | undefined {
        return this.people.value.find((person) => person.value.rack_id === rackId)?.value;
    }

    #layRacks(racks: readonly TowerRack[]): void {
        const isSameSet = racks.length === this.#racks.size && racks.every((rack) => this.#racks.has(rack.rack_id));
        if (!isSameSet) this.#arrange(racks);
        else for (const rack of racks) this.#setRack(rack);
        this.#recount();
    }

    #arrange(racks: readonly TowerRack[]): void {
        this.#racks.clear();
        this.#counts = new Map();
        const floors = new Map<string, Map<string, Signal<TowerRack>[]>>();
        for (const rack of racks) {
            const found = signal(rack);
            this.#racks.set(rack.rack_id, found);
            const zones = floors.get(rack.floor ?? "") ?? new Map<string, Signal<TowerRack>[]>();
            floors.set(rack.floor ?? "", zones);
            const zone = zones.get(rack.zone ?? "") ?? [];
            zones.set(rack.zone ?? "", zone);
            zone.push(found);
        }
        this.floors.value = [...floors].map(([name, zones]) => {
            const counts = signal({ ...nobody });
            this.#counts.set(name, counts);
            return { name, counts, zones: [...zones].map(([zone, inZone]) => ({ name: zone, racks: inZone })) };
        });
    }

    #recount(): void {
        const sums = new Map<string, { [S in RackState]: number }>();
        for (const { value } of this.#racks.values()) {
            const sum = sums.get(value.floor ?? "") ?? { ...nobody };
            sum[value.status] += 1;
            sums.set(value.floor ?? "", sum);
        }
        for (const [floor, counts] of this.#counts) {
            const sum = sums.get(floor) ?? nobody;
            if (!same(sum, counts.value)) counts.value = { ...sum };
        }
    }

    #setRack(rack: TowerRack): void {
        const found = this.#racks.get(rack.rack_id);
        if (found === undefined || same(rack, found.value)) return;
        const before = found.value.status;
        found.value = rack;
        const counts = this.#counts.get(rack.floor ?? "");
        if (counts !== undefined && before !== rack.status) counts.value = { ...counts.value, [before]: counts.value[before] - 1, [rack.status]: counts.value[rack.status] + 1 };
    }

    #layPeople(people: readonly TowerPerson[]): void {
        const live = new Set(people.map((person) => person.session_id));
        for (const session of this.#people.keys()) if (!live.has(session)) this.#people.delete(session);
        for (const person of people) {
            this.#names.set(person.user_id, { username: person.username, full_name: person.full_name });
            const found = this.#people.get(person.session_id);
            if (found === undefined) this.#people.set(person.session_id, signal(person));
            else if (!same(person, found.value)) found.value = person;
        }
        this.#showPeople();
    }

    #showPeople(): void {
        const shown = [...this.#people.values()];
        const before = this.people.value;
        if (shown.length !== before.length || shown.some((person, index) => person !== before[index])) this.people.value = shown;
    }

    #apply(events: readonly ServerEvent[]): boolean {
        let isNews = false;
        for (const event of events) isNews = this.#applyOne(event) || isNews;
        this.#showPeople();
        return isNews;
    }

    #remember(events: readonly ServerEvent[]): void {
        if (events.length > 0) this.activity.value = [...events.slice(-remembered).reverse(), ...this.activity.value].slice(0, remembered);
    }

    #applyOne(event: ServerEvent): boolean {
        const rack = event.id === null ? undefined : this.#racks.get(event.id);
        const status = statusAfter[event.type];
        if (rack === undefined) return event.type.startsWith("rack.");
        const session = textOf(event, "session_id");
        const user = textOf(event, "user_id");
        if (status !== undefined) {
            const isHeld = status === "claimed" || status === "paused";
            // The end of a session that another displaced says nothing of the rack.
            if (isHeld || rack.value.session_id === null || rack.value.session_id === session)
                this.#setRack({ ...rack.value, status, session_id: isHeld ? session : null, user_id: isHeld ? user : null });
        }
        return session !== null && this.#applyToPerson(event, session, user, rack.value, status);
    }

    #applyToPerson(event: ServerEvent, session: string, user: string | null, rack: TowerRack, status: RackState | undefined): boolean {
        const person = this.#people.get(session);
        if (status === "available" || status === "completed") {
            this.#people.delete(session);
            return false;
        }
        if (person === undefined) {
            if (event.type !== "rack.claimed" || user === null) return true;
            this.#displace(rack.rack_id);
            this.#people.set(session, signal(this.#newcomer(event, session, user, rack)));
            if (this.#names.has(user) || this.#asked.has(user)) return false;
            this.#asked.add(user);
            return true;
        }
        const heard = isLife(event.type) ? event.at : person.value.last_heartbeat;
        person.value = { ...person.value, last_heartbeat: heard, status: status === undefined ? person.value.status : status === "paused" ? "paused" : "active" };
        return false;
    }

    #displace(rackId: string): void {
        for (const [session, person] of this.#people) if (person.value.rack_id === rackId) this.#people.delete(session);
    }

    #newcomer(event: ServerEvent, session: string, user: string, rack: TowerRack): TowerPerson {
        const { username, full_name } = this.#names.get(user) ?? { username: null, full_name: null };
        return {
            user_id: user,
            username,
            full_name,
            session_id: session,
            rack_id: rack.rack_id,
            floor: rack.floor,
            count_id: textOf(event, "count_id"),
            status: "active",
            started_at: event.at,
            last_heartbeat: event.at,
            heartbeat_age_seconds: 0,
            items: 0,
            items_per_minute: 0,
            left: 0,
        };
    }
}
