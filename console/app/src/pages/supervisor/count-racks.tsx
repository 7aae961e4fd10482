import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { dateTime, number } from "../../i18n/format.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Check } from "../../ui/field.js";
import { Ring } from "../../ui/figures.js";
import { notify } from "../../ui/notices.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Code, Data } from "../../ui/text.js";
import { AssignDialog } from "./assign-dialog.js";
import { type CountRack, rackSigns } from "./kinds.js";
import { ReasonDialog } from "./reason-dialog.js";
import { RecountDialog } from "./recount-dialog.js";
import { text } from "./texts.js";

interface CountRacksProps {
    countId: string;
    warehouse: string | null;
    isOver: boolean;
    racks: readonly CountRack[];
    /** All of them are loaded. */
    isWhole: boolean;
    onEnd: () => void;
    onChange: () => Promise<void>;
}

type Doing = "assign" | "exclude" | "recount";

/** The racks of a count: chosen by their boxes, then assigned, excluded or asked to be counted again. */
export function CountRacks({ countId, warehouse, isOver, racks, isWhole, onEnd, onChange }: CountRacksProps) {
    const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
    const [doing, setDoing] = useState<Doing | null>(null);
    if (racks.length === 0) return <EmptyState icon="rack" title={text("count.no_racks")} text={text("count.no_racks_text")} />;
    const ids = racks.filter((rack) => chosen.has(rack.rack_id)).map((rack) => rack.rack_id);
    const choose = (id: string, isIn: boolean): void => {
        const next = new Set(chosen);
        if (isIn) next.add(id);
        else next.delete(id);
        setChosen(next);
    };
    const end = async (): Promise<void> => {
        setDoing(null);
        setChosen(new Set());
        await onChange();
    };
    const exclude = async (reason: string, undo = false): Promise<string | undefined> => {
        try {
            await client.call("post", "/api/sessions/{id}/review/exclude", { path: { id: countId }, body: undo ? { racks: ids, undo: true } : { racks: ids, reason } });
            await end();
            return undefined;
        } catch (fault) {
            return faultText(fault);
        }
    };
    const isAllExcluded = ids.length > 0 && racks.every((rack) => !chosen.has(rack.rack_id) || rack.state === "excluded");
    const include = async (): Promise<void> => {
        const fault = await exclude("", true);
        if (fault !== undefined) notify({ tone: "bad", text: fault });
    };
    const columns: readonly Column<CountRack>[] = [
        ...(isOver
            ? []
            : [
                  {
                      key: "box",
                      title: text("racks.choose"),
                      width: "max-content",
                      cell: (rack: CountRack) => (
                          <label class="box">
                              <input type="checkbox" checked={chosen.has(rack.rack_id)} onChange={(event) => choose(rack.rack_id, event.currentTarget.checked)} />
                              <span class="visually-hidden"><Code>{rack.rack_id}</Code></span>
                          </label>
                      ),
                  },
              ]),
        { key: "rack", title: text("racks.rack"), width: "minmax(14ch, 2fr)", cell: (rack) => <RackPlace rack={rack} /> },
        { key: "state", title: text("racks.state"), width: "minmax(max-content, 1fr)", cell: (rack) => <RackState rack={rack} /> },
        { key: "who", title: text("racks.who"), width: "minmax(16ch, 1fr)", cell: (rack) => <CountedBy rack={rack} /> },
        { key: "assigned", title: text("racks.assigned"), width: "minmax(14ch, 1fr)", cell: (rack) => (rack.assigned_to ?? []).map((person) => <div key={person.user_id}><Data>{person.full_name ?? person.user_id ?? ""}</Data></div>) },
        { key: "unsent", title: text("racks.unsent"), width: "max-content", align: "end", cell: (rack) => <Unsent rack={rack} /> },
    ];
    const done = racks.filter((rack) => rack.state === "completed" || rack.state === "excluded").length;
    return (
        <section class="stack">
            <div class="row">
                <Ring share={done / racks.length} size={64} label={text("count.progress", { done, total: racks.length })} />
                <div class="grow">
                    <h2>{text("count.racks")}</h2>
                    <span class="soft">{isWhole ? text("count.progress", { done, total: racks.length }) : text("count.progress_first", { n: racks.length })}</span>
                </div>
            </div>
            {!isOver && (
                <div class={ids.length === 0 ? "row for-chosen none-chosen" : "row for-chosen"} role="group" aria-label={text("racks.chosen", { n: ids.length })}>
                    <span class="small soft" role="status">{text("racks.chosen", { n: ids.length })}</span>
                    <Check label={text("racks.choose_all")} checked={ids.length === racks.length} onChange={(all) => setChosen(new Set(all ? racks.map((rack) => rack.rack_id) : []))} />
                    <Button icon="user" disabled={ids.length === 0} onClick={() => setDoing("assign")}>{text("racks.assign")}</Button>
                    <Button icon="sync" disabled={ids.length === 0} onClick={() => setDoing("recount")}>{text("racks.recount")}</Button>
                    {isAllExcluded ? <Button icon="undo" onClick={include}>{text("racks.include")}</Button> : <Button icon="minus" disabled={ids.length === 0} onClick={() => setDoing("exclude")}>{text("racks.exclude")}</Button>}
                </div>
            )}
            <Table label={text("count.racks")} rows={racks} columns={columns} keyOf={(rack) => rack.rack_id} selected={(rack) => chosen.has(rack.rack_id)} onEnd={onEnd} rowHeight={60} />
            {doing === "assign" && <AssignDialog countId={countId} warehouse={warehouse} racks={ids} onClose={() => setDoing(null)} onDone={end} />}
            {doing === "recount" && <RecountDialog countId={countId} racks={ids} onClose={() => setDoing(null)} onDone={end} />}
            {doing === "exclude" && <ReasonDialog title={text("exclude.title", { n: ids.length })} explain={text("exclude.text")} confirm={text("racks.exclude")} onClose={() => setDoing(null)} onSubmit={exclude} />}
        </section>
    );
}

function RackPlace({ rack }: { rack: CountRack }) {
    return (
        <>
            <strong><Code>{rack.rack_id}</Code></strong>
            <div class="small soft clip"><Data>{[rack.floor, rack.zone].filter((part) => part !== null && part !== undefined).join(" · ")}</Data></div>
        </>
    );
}

export function RackState({ rack }: { rack: Pick<CountRack, "state"> & { excluded_reason?: string | null | undefined } }) {
    return (
        <span class="stack-tight">
            <span><Chip {...rackSigns[rack.state]}>{text(`rack.state.${rack.state}`)}</Chip></span>
            {rack.state === "excluded" && rack.excluded_reason !== undefined && rack.excluded_reason !== null && <span class="small soft"><Data>{rack.excluded_reason}</Data></span>}
        </span>
    );
}

function CountedBy({ rack }: { rack: CountRack }) {
    const last = rack.sessions.at(-1);
    if (last === undefined) return <span class="soft">–</span>;
    const at = last.completed_at ?? last.last_heartbeat ?? last.started_at;
    return (
        <>
            <Data>{last.full_name ?? last.user_id}</Data>
            {at !== null && at !== undefined && <div class="small soft"><time translate={false}>{dateTime(at)}</time></div>}
        </>
    );
}

/** What phones said that they still have: nothing said is not nothing there. */
function Unsent({ rack }: { rack: CountRack }) {
    const told = rack.sessions.filter((session) => session.left !== null && session.left !== undefined);
    if (told.length === 0) return <>–</>;
    return <>{number(told.reduce((sum, session) => sum + (session.left ?? 0), 0))}</>;
}
