import { readScan } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { useRef, useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { base, pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { giveSignal } from "../../scan/feedback.js";
import { passOn, useScans } from "../../scan/scanner.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { TextArea, TextField } from "../../ui/field.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { useCountingLock } from "./counting-lock.js";
import { dropDraft, type FindDraft, findOf } from "./drafts.js";
import { Keypad } from "./keypad.js";
import { tellOutcome } from "./last-outcome.js";
import { PhotoField } from "./photo-field.js";
import { entered, pressed } from "./quantity-entry.js";
import { unlisted } from "./rack-work.js";
import { text } from "./texts.js";
import { keepEntry } from "./unsaved.js";
import { workOf } from "./work-of.js";

/** What no list knows is counted all the same: its code, a photo, how many; a supervisor finds out what it is. */
export function UnknownPage() {
    const { query } = useLocation();
    const session = useParameter("session");
    const code = query["code"] ?? "";
    return <Find key={`${session} ${code}`} session={session} found={code} />;
}

function Find({ session, found: origin }: { session: string; found: string }) {
    useCountingLock();
    const { route } = useLocation();
    const work = workOf(session);
    const back = pathTo("/count", session);
    const place = { session, find: origin };
    const [found, setFound] = useState<FindDraft>(() => findOf(place) ?? { code: place.find, name: "", remark: "", quantity: "", photos: [] });
    const { code, name, remark, photos, quantity } = found;
    const entry = useRef(found);
    const change = (changes: Partial<FindDraft>): void => {
        entry.current = { ...entry.current, ...changes };
        keepEntry(place, entry.current);
        setFound(entry.current);
    };
    // A label read here is this find's, as long as it has none; any other is counted, and what is entered is kept.
    useScans((scan) => {
        const read = readScan(scan, new Date().getFullYear()).text;
        if (entry.current.code === "") return change({ code: read });
        if (entry.current.code === read) return giveSignal("repeat");
        if (findOf(place) !== undefined) notify({ text: text("item.kept_draft") });
        passOn(scan);
        route(back);
    });
    const read = entered(quantity);
    const save = async (): Promise<void> => {
        if (work === null || "fault" in read) return;
        try {
            const told = { ...(code.trim() === "" ? {} : { code: code.trim() }), ...(name.trim() === "" ? {} : { name: name.trim() }), ...(remark.trim() === "" ? {} : { remark: remark.trim() }), ...(photos.length === 0 ? {} : { photos }), session_id: session, rack_id: work.rack.rack_id };
            const id = name.trim() === "" && remark.trim() === "" && photos.length === 0 ? null : await client.reportUnknown(told);
            if (code.trim() !== "") tellOutcome(session, await work.set(unlisted(code.trim()), null, { verified_qty: read.pieces }), true);
            else if (id !== null) {
                await client.count({ session_id: session, unknown_item_id: id, verified_qty: read.pieces });
                await work.refresh();
            }
            dropDraft(place);
            notify({ tone: "ok", text: text("unknown.kept") });
            route(back);
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    return (
        <Page title={text("unknown.title")} back={work === null ? base : back}>
            <form
                class="stack"
                onSubmit={(event) => {
                    event.preventDefault();
                    void save();
                }}
            >
                <p class="soft">{text("unknown.text")}</p>
                <TextField label={text("count.code")} value={code} onInput={(value) => change({ code: value })} hint={text("unknown.code_hint")} code />
                <TextField label={text("unknown.name")} value={name} onInput={(value) => change({ name: value })} maxLength={200} />
                <PhotoField photos={photos} onChange={(value) => change({ photos: value })} />
                <div class="quantity">
                    <label class="label" for="quantity">
                        {text("item.quantity")}
                    </label>
                    <input id="quantity" class="quantity-input number" inputMode="none" autocomplete="off" dir="ltr" value={quantity} onInput={(event) => change({ quantity: event.currentTarget.value })} />
                    <Keypad onKey={(key) => change({ quantity: pressed(entry.current.quantity, key) })} />
                </div>
                <TextArea label={text("item.remark")} value={remark} onInput={(value) => change({ remark: value })} maxLength={500} />
                <div class="thumb-bar thumb-bar-one">
                    <Button kind="primary" size="large" wide type="submit" disabled={"fault" in read || (code.trim() === "" && name.trim() === "" && photos.length === 0)}>
                        {text("unknown.save")}
                    </Button>
                </div>
            </form>
        </Page>
    );
}
