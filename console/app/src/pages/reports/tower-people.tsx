import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { figure, number } from "../../i18n/format.js";
import { config } from "../../session.js";
import { Chip } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Code, Data } from "../../ui/text.js";
import { ageText } from "./ages.js";
import { text } from "./texts.js";
import type { Tower, TowerPerson } from "./tower.js";

/** This device's clock, a second at a time, while somebody looks. */
const now = signal(Date.now());

function useSeconds(): void {
    useEffect(() => {
        now.value = Date.now();
        const each = setInterval(() => (now.value = Date.now()), 1000);
        return () => clearInterval(each);
    }, []);
}

/** How long nothing was heard of a person's phone; longer than it may be is said in a sign, too. */
export function HeardAge({ person, ahead }: { person: TowerPerson; ahead: number }) {
    if (person.last_heartbeat === null) return <span>–</span>;
    const seconds = Math.max(0, Math.round((now.value + ahead - Date.parse(person.last_heartbeat)) / 1000));
    const isSilent = seconds > (config.value?.heartbeat_ttl ?? 90) && person.status === "active";
    if (isSilent)
        return (
            <Chip tone="warn" icon="offline">
                {ageText(seconds)}
            </Chip>
        );
    return <span class="number">{ageText(seconds)}</span>;
}

function Name({ person: { value } }: { person: Signal<TowerPerson> }) {
    return (
        <span class="person">
            <strong class="clip">
                <Data>{value.full_name ?? value.username ?? value.user_id}</Data>
            </strong>
            <span class="small soft clip">
                <span>
                    <Code>{value.rack_id}</Code>
                </span>
                {value.status === "paused" && <> · {text("people.paused")}</>}
            </span>
        </span>
    );
}

const Heard = ({ person, tower }: { person: Signal<TowerPerson>; tower: Tower }) => <HeardAge person={person.value} ahead={tower.ahead.value} />;

function Items({ person: { value } }: { person: Signal<TowerPerson> }) {
    return (
        <span class="person">
            <span translate={false}>{figure(value.items)}</span>
            <span class="small soft">{text("people.per_minute", { n: Math.round(value.items_per_minute * 10) / 10 })}</span>
        </span>
    );
}

const Left = ({ person: { value } }: { person: Signal<TowerPerson> }) => <span translate={false}>{figure(value.left)}</span>;

/** Who is at work. Each cell looks at its person by itself: an event repaints one row. */
export function TowerPeople({ tower, onOpen }: { tower: Tower; onOpen: (rackId: string) => void }) {
    useSeconds();
    const people = tower.people.value;
    const columns = useMemo(
        (): readonly Column<Signal<TowerPerson>>[] => [
            { key: "name", title: text("people.name"), width: "minmax(11ch, 1fr)", cell: (person) => <Name person={person} /> },
            { key: "heard", title: text("people.heard"), width: "max-content", cell: (person) => <Heard person={person} tower={tower} /> },
            { key: "items", title: text("people.items"), width: "max-content", align: "end", cell: (person) => <Items person={person} /> },
            { key: "left", title: text("people.left"), width: "max-content", align: "end", cell: (person) => <Left person={person} /> },
        ],
        [tower, text("people.name")],
    );
    return (
        <section class="stack-tight tower-people">
            <h2>
                {text("people.title")} <span class="soft number">{number(people.length)}</span>
            </h2>
            {people.length === 0 ? (
                <p class="soft">{text("people.none")}</p>
            ) : (
                <Table label={text("people.title")} rows={people} columns={columns} keyOf={(person) => person.peek().session_id} onOpen={(person) => onOpen(person.peek().rack_id)} rowHeight={64} />
            )}
        </section>
    );
}
