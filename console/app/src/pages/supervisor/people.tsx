import { effect, signal } from "@preact/signals";
import type { Schema } from "@stockverify/client";
import { useEffect } from "preact/hooks";
import { reportFault } from "../../faults.js";
import { client, currentUser } from "../../session.js";
import { Data } from "../../ui/text.js";
import { walkPages } from "./walk.js";

export type Person = Schema<"Person">;

/** Everybody by their id, asked for once: pages are told who did something by ids. */
export const people = signal<ReadonlyMap<string, Person>>(new Map());

let asked: Promise<void> | null = null;

/** The names are on their way. */
const isAsking = signal(true);

async function ask(): Promise<void> {
    const { rows } = await walkPages((cursor) => client.call("get", "/api/people", { query: { limit: 500, ...(cursor === undefined ? {} : { cursor }) } }), () => false);
    people.value = new Map(rows.map((person) => [person.user_id, person]));
}

// Names of one login are not another's to read.
let whose: string | undefined;
effect(() => {
    const user = currentUser()?.user_id;
    if (user === whose) return;
    whose = user;
    asked = null;
    people.value = new Map();
    isAsking.value = true;
});

export function askPeople(): Promise<void> {
    asked ??= ask()
        .catch((fault: unknown) => {
            asked = null;
            reportFault(fault);
        })
        .finally(() => (isAsking.value = false));
    return asked;
}

/** A person's name; their id until it is known, or where nobody has it any more. */
export function Who({ id }: { id: string }) {
    useEffect(() => void askPeople(), []);
    return <Data>{people.value.get(id)?.full_name ?? (isAsking.value ? "…" : id)}</Data>;
}

export function WhoAll({ ids }: { ids: readonly string[] }) {
    return (
        <>
            {ids.map((id, index) => (
                <span key={id}>
                    {index > 0 && ", "}
                    <Who id={id} />
                </span>
            ))}
        </>
    );
}
