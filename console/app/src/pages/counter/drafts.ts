import { signal } from "@preact/signals";
import { racks } from "../../session.js";
import { isPractice } from "./practice.js";
import { Shelf } from "./shelf.js";

/** What was entered on an item's page and not saved. */
export interface Draft {
    quantity: string;
    /** The quantity comes on top of what is counted already, instead of in its place. */
    isMore?: boolean;
    /** A pack's unit; "": the item's own. */
    unit: string;
    damage: string;
    lost: string;
    lot: string;
    mfg: string;
    expiry: string;
    condition: string;
    serials: string[];
    damageReason: string;
    varianceReason: string;
    remark: string;
    photos: string[];
}

/** What was entered of something that no list knows. */
export interface FindDraft {
    code: string;
    name: string;
    remark: string;
    quantity: string;
    photos: string[];
}

/** Where an entry belongs. `find`: the code that led to the page of unknown items, "" without one. */
export type DraftPlace = { session: string; item: string; lot: string | null } | { session: string; find: string };

export type KeptDraft = { place: DraftPlace; entry: Draft | FindDraft };

const shelf = new Shelf<KeptDraft>("sv.draft ");
const keyOf = (place: DraftPlace): string => JSON.stringify("item" in place ? [place.session, place.item, place.lot] : [place.session, place.find]);

/** Kept when a scan, a tap, another tab or a logout leads elsewhere, and over a reload: an entry ends by being saved or by being dropped. */
const kept = signal<ReadonlyMap<string, KeptDraft>>(shelf.all());
shelf.onOtherTab(() => (kept.value = shelf.all()));

export const draftOf = (place: Extract<DraftPlace, { item: string }>): Draft | undefined => kept.value.get(keyOf(place))?.entry as Draft | undefined;
export const findOf = (place: Extract<DraftPlace, { find: string }>): FindDraft | undefined => kept.value.get(keyOf(place))?.entry as FindDraft | undefined;

/** Whether it will outlive the page: a full device keeps it only as long as that. */
export function keepDraft(place: DraftPlace, entry: Draft | FindDraft): boolean {
    const draft = { place, entry };
    kept.value = new Map(kept.value).set(keyOf(place), draft);
    return shelf.put(keyOf(place), draft);
}

export function dropDraft(place: DraftPlace): void {
    const rest = new Map(kept.value);
    if (!rest.delete(keyOf(place))) return;
    kept.value = rest;
    shelf.drop(keyOf(place));
}

export const draftsOf = (session: string): readonly KeptDraft[] => [...kept.value.values()].filter(({ place }) => place.session === session);

export function dropDrafts(session: string): void {
    for (const { place } of draftsOf(session)) dropDraft(place);
}

/** Of the racks that are in this person's hands; practice is for nothing. */
export const ownDrafts = (): readonly KeptDraft[] => racks.value.filter(({ lease, session_id }) => lease !== "ended" && !isPractice(session_id)).flatMap(({ session_id }) => draftsOf(session_id));
