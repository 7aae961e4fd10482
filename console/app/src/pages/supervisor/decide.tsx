import { Refused } from "@stockverify/client";
import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { dateTime, figure } from "../../i18n/format.js";
import { shellText } from "../../i18n/shell.js";
import { useLiveReload } from "../../live.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { TextField } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Banner, Chip, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { text as decideText } from "./decide-texts.js";
import type { Conflict } from "./kinds.js";
import { OnlyWarehouse } from "./only-warehouse.js";
import { Who } from "./people.js";
import { Unit } from "./review-lines.js";
import { limitOf } from "./scope.js";
import { addsUp, cameSide, type Side, thereSide } from "./sides.js";
import { text } from "./texts.js";
import { useWalk } from "./walk.js";

type Action = Conflict["actions"][number];

/** Two figures where one belongs, side by side: who counted what, when and where. */
export function DecidePage() {
    const { query } = useLocation();
    const count = query["count"];
    const warehouse = query["warehouse"];
    const walk = useWalk((cursor, signal) => client.call("get", "/api/sync/conflicts", { query: { status: "open", limit: 50, ...(count === undefined ? {} : { session: count }), ...(warehouse === undefined ? {} : { warehouse }), ...(cursor === undefined ? {} : { cursor }) }, signal }), [count, warehouse]);
    useLiveReload(["session.", "count."], walk.reload);
    return (
        <Page title={decideText("decide.title")} {...(count === undefined ? {} : { back: pathTo("/counts", count, "review") })} wide>
            <OnlyWarehouse warehouse={warehouse} all={pathTo("/decide")} />
            <Loading of={walk} rows={3} height={220}>
                {({ rows, next }) =>
                    rows.length === 0 ? (
                        <EmptyState
                            icon="check"
                            title={decideText("decide.none")}
                            text={decideText("decide.none_text")}
                            action={count !== undefined && <Button kind="primary" href={pathTo("/counts", count, "review")}>{decideText("decide.to_review")}</Button>}
                        />
                    ) : (
                        <div class="stack">
                            {rows.map((conflict) => (
                                <ConflictCard key={conflict.conflict_id} conflict={conflict} onDecided={walk.reload} />
                            ))}
                            {next !== null && <Button wide onClick={walk.more}>{text("more.rows")}</Button>}
                        </div>
                    )
                }
            </Loading>
            <ZoneNote />
        </Page>
    );
}

function ConflictCard({ conflict, onDecided }: { conflict: Conflict; onDecided: () => Promise<void> }) {
    const [merges, setMerges] = useState(false);
    const there = thereSide(conflict);
    const decide = async (action: Action, quantity?: number): Promise<string | undefined> => {
        try {
            await client.call("post", "/api/sync/conflicts/{id}/resolve", { path: { id: conflict.conflict_id }, body: { action, ...(quantity === undefined ? {} : { record: { verified_qty: quantity } }) } });
            notify({ tone: "ok", text: decideText("decide.done") });
            setMerges(false);
            await onDecided();
            return undefined;
        } catch (fault) {
            if (fault instanceof Refused && fault.code === "conflict_resolved") await onDecided();
            return faultText(fault);
        }
    };
    const run = async (action: Action): Promise<void> => {
        if (action === "merge" && !addsUp(conflict)) return setMerges(true);
        const fault = await decide(action);
        if (fault !== undefined) notify({ tone: "bad", text: fault });
    };
    return (
        <article class="card stack">
            <div class="row chips">
                <div class="grow">
                    <strong><Code>{conflict.item_code ?? conflict.client_record_id}</Code></strong>
                    <div class="small soft">{conflict.item_name === null ? text("line.no_name") : <Data>{conflict.item_name}</Data>}</div>
                </div>
                <Chip tone="warn" icon="conflict">{decideText(`decide.type.${conflict.type}`)}</Chip>
            </div>
            <p>{decideText(`decide.type.${conflict.type}_text`)}</p>
            <div class="sides">
                <SideCard title={decideText("decide.came")} side={cameSide(conflict)} />
                {there === null ? <Banner tone="info">{decideText("decide.nothing_there")}</Banner> : <SideCard title={decideText("decide.there")} side={there} />}
            </div>
            <div class="row">
                {conflict.actions.map((action) => (
                    <Button key={action} kind={action === "keep_mine" ? "primary" : "default"} icon={action === "merge" ? "plus" : "check"} onClick={() => run(action)}>
                        {decideText(there === null && action === "keep_server" ? "decide.drop" : there === null && action === "keep_mine" ? "decide.store" : `decide.action.${action}`)}
                    </Button>
                ))}
                {conflict.actions.length === 0 && <span class="soft">{decideText("decide.no_action")}</span>}
                {conflict.count_id !== null && conflict.item_code !== null && conflict.count_id !== undefined && conflict.item_code !== undefined && (
                    <Button kind="plain" icon="search" href={pathTo("/counts", conflict.count_id, "review", conflict.item_code)}>{decideText("decide.line")}</Button>
                )}
            </div>
            {merges && <MergeDialog onClose={() => setMerges(false)} onSubmit={(quantity) => decide("merge", quantity)} />}
        </article>
    );
}

function SideCard({ title, side }: { title: string; side: Side }) {
    return (
        <section class="side">
            <h3 class="small soft">{title}</h3>
            <div class="tile-value">
                {side.isVoid ? decideText("decide.taken_back") : side.quantity === null ? "–" : <>{figure(side.quantity)} <Unit uom={side.uom} /></>}
            </div>
            <dl class="side-facts small">
                <Fact name={text("racks.who")}>{side.name !== null ? <Data>{side.name}</Data> : side.user === null ? decideText("decide.hidden") : <Who id={side.user} />}</Fact>
                {side.at !== null && <Fact name={text("detail.when")}><time translate={false}>{dateTime(side.at)}</time></Fact>}
                {side.rack !== null && <Fact name={text("racks.rack")}><Code>{side.rack}</Code></Fact>}
                {side.lot !== null && <Fact name={decideText("decide.lot")}><Code>{side.lot}</Code></Fact>}
                {side.damaged !== null && side.damaged > 0 && <Fact name={text("line.damaged")}>{figure(side.damaged)} <Unit uom={side.uom} /></Fact>}
                {side.serials.length > 0 && <Fact name={decideText("decide.serials")}>{side.serials.slice(0, 5).map((serial) => <div key={serial}><a href={pathTo("/serials", serial)}><Code>{serial}</Code></a></div>)}{side.serials.length > 5 && " …"}</Fact>}
                {side.remark !== null && <Fact name={text("detail.remark")}><Data>{side.remark}</Data></Fact>}
            </dl>
        </section>
    );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
    return (
        <div>
            <dt class="soft">{name}</dt>
            <dd>{children}</dd>
        </div>
    );
}

/** What both come to, where adding them is not the rule. */
function MergeDialog({ onClose, onSubmit }: { onClose: () => void; onSubmit: (quantity: number) => Promise<string | undefined> }) {
    const [typed, setTyped] = useState("");
    const [fault, setFault] = useState<string | undefined>(undefined);
    const submit = async (): Promise<void> => {
        const quantity = limitOf(typed);
        if (quantity === null || quantity === undefined) return setFault(decideText("decide.merge_number"));
        setFault(await onSubmit(quantity));
    };
    return (
        <Dialog
            title={decideText("decide.merge_title")}
            onClose={onClose}
            actions={
                <>
                    <Button kind="primary" onClick={submit}>{decideText("decide.action.merge")}</Button>
                    <Button onClick={onClose}>{shellText("cancel")}</Button>
                </>
            }
        >
            <p>{decideText("decide.merge_text")}</p>
            <TextField label={decideText("decide.merge_quantity")} value={typed} onInput={setTyped} inputMode="decimal" fault={fault} />
        </Dialog>
    );
}
