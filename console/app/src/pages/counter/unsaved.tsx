import { pathTo } from "../../paths.js";
import { ask } from "../../ui/dialog.js";
import { Icon } from "../../ui/icon.js";
import { notify } from "../../ui/notices.js";
import { Code, Data } from "../../ui/text.js";
import { type Draft, type DraftPlace, draftsOf, type FindDraft, keepDraft, type KeptDraft, ownDrafts } from "./drafts.js";
import { text } from "./texts.js";
import { workOf } from "./work-of.js";

let isFullTold = false;

/** Keeps what is being entered; a device that has no room for it says so once. */
export function keepEntry(place: DraftPlace, entry: Draft | FindDraft): void {
    if (keepDraft(place, entry) || isFullTold) return;
    isFullTold = true;
    notify({ tone: "bad", text: text("drafts.full") });
}

/** Asks before what would leave entries of a rack behind; whether it may go on. */
export async function mayLeaveUnsaved(session: string, confirm: string): Promise<boolean> {
    const n = draftsOf(session).length;
    return n === 0 || ask({ title: text("drafts.title", { n }), text: text("drafts.drop_text", { n }), confirm, danger: true });
}

const pageOf = (place: DraftPlace): string =>
    "item" in place
        ? `${pathTo("/count", place.session, "item", place.item)}${place.lot === null ? "" : `?lot=${encodeURIComponent(place.lot)}`}`
        : `${pathTo("/count", place.session, "unknown")}${place.find === "" ? "" : `?code=${encodeURIComponent(place.find)}`}`;

/** Entries that count for nothing yet, each a tap away; of one rack, or of all that are in hand. */
export function Unsaved({ session }: { session?: string }) {
    const drafts = session === undefined ? ownDrafts() : draftsOf(session);
    if (drafts.length === 0) return null;
    return (
        <section class="card stack-tight">
            <h2 class="row">
                <Icon name="edit" />
                {text("drafts.title", { n: drafts.length })}
            </h2>
            <p class="small soft">{text("drafts.text")}</p>
            <ul class="list">
                {drafts.map((draft) => <UnsavedRow key={pageOf(draft.place)} draft={draft} withRack={session === undefined} />)}
            </ul>
        </section>
    );
}

function UnsavedRow({ draft: { place, entry }, withRack }: { draft: KeptDraft; withRack: boolean }) {
    const work = workOf(place.session);
    const code = "item" in place ? place.item : "code" in entry ? entry.code : "";
    const name = "name" in entry ? entry.name : work?.itemOf(code)?.item_name;
    return (
        <li>
            <a class="list-row" href={pageOf(place)}>
                <span class="grow">
                    {name == null || name === "" ? code === "" ? text("unknown.title") : <Code>{code}</Code> : <Data>{name}</Data>}
                    {withRack && work !== null && (
                        <div class="small soft">
                            <Code>{work.rack.rack_id}</Code>
                        </div>
                    )}
                </span>
                {entry.quantity !== "" && (
                    <span class="line-total number" translate={false}>
                        {entry.quantity}
                    </span>
                )}
                <Icon name="next" class="soft" />
            </a>
        </li>
    );
}
