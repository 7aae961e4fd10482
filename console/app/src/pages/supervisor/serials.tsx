import { Refused } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { dateTime } from "../../i18n/format.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { useScans } from "../../scan/scanner.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { TextField } from "../../ui/field.js";
import { Icon } from "../../ui/icon.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Banner, Chip, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { text as decideText } from "./decide-texts.js";
import { SerialState } from "./review-line.js";
import { text } from "./texts.js";
import { useWalk } from "./walk.js";

const states = ["missing", "misplaced", "duplicate", "swapped", "found"] as const;

/** Serial numbers: one is looked for, or those of a count that are not where they were. */
export function SerialsPage() {
    const { query, route } = useLocation();
    const [typed, setTyped] = useState("");
    const open = (serial: string): void => {
        if (serial.trim() !== "") route(pathTo("/serials", serial.trim()));
    };
    useScans(open);
    const count = query["count"];
    return (
        <Page title={decideText("serials.title")}>
            <div class="stack">
                <form
                    class="stack-tight"
                    onSubmit={(event) => {
                        event.preventDefault();
                        open(typed);
                    }}
                >
                    <TextField label={decideText("serials.number")} hint={decideText("serials.hint")} value={typed} onInput={setTyped} code maxLength={128} />
                    <div><Button kind="primary" icon="search" type="submit">{decideText("serials.look")}</Button></div>
                </form>
                {count === undefined ? <EmptyState icon="scan" title={decideText("serials.start")} text={decideText("serials.start_text")} /> : <SerialsOfCount countId={count} />}
            </div>
            <ZoneNote />
        </Page>
    );
}

function SerialsOfCount({ countId }: { countId: string }) {
    const [state, setState] = useState<(typeof states)[number]>("missing");
    const walk = useWalk((cursor, signal) => client.call("get", "/api/serials", { query: { count_id: countId, state, limit: 100, ...(cursor === undefined ? {} : { cursor }) }, signal }), [countId, state]);
    return (
        <section class="stack-tight">
            <h2>{decideText("serials.of_count")}</h2>
            <Segments label={text("counts.filter")} value={state} options={states.map((value) => ({ value, label: text(value === "swapped" ? "serial.swapped" : `serial.state.${value}`) }))} onChange={setState} />
            <Loading of={walk} rows={3} height={60}>
                {({ rows, next }) =>
                    rows.length === 0 ? (
                        <EmptyState icon="check" title={decideText("serials.none")} text={decideText("serials.none_text")} />
                    ) : (
                        <>
                            <ul class="list">
                                {rows.map((serial) => (
                                    <li key={`${serial.item_code} ${serial.serial_number}`}>
                                        <a class="list-row" href={pathTo("/serials", serial.serial_number)}>
                                            <span class="grow">
                                                <strong><Code>{serial.serial_number}</Code></strong>
                                                <div class="small soft">
                                                    <Code>{serial.item_code}</Code>
                                                    {serial.before !== null && <> · {decideText("serials.before")} <Code>{serial.before.rack_id}</Code></>}
                                                </div>
                                            </span>
                                            <SerialState serial={serial} />
                                        </a>
                                    </li>
                                ))}
                            </ul>
                            {next !== null && <Button wide onClick={walk.more}>{text("more.rows")}</Button>}
                        </>
                    )
                }
            </Loading>
        </section>
    );
}

/** Where a serial number is, where it was, and what was disputed about it. */
export function SerialPage() {
    const serial = useParameter("serial");
    const loaded = useLoad(
        (signal) =>
            client.call("get", "/api/serials/{serial}", { path: { serial }, signal }).catch((fault: unknown) => {
                if (fault instanceof Refused && fault.code === "not_found") return { items: [], conflicts: [] };
                throw fault;
            }),
        [serial],
    );
    return (
        <Page title={decideText("serials.one", { serial })} heading={<Code>{serial}</Code>} back={pathTo("/serials")}>
            <Loading of={loaded}>
                {({ items, conflicts }) => (
                    <div class="stack">
                        {items.length === 0 && <EmptyState icon="search" title={decideText("serials.unknown")} text={decideText("serials.unknown_text")} />}
                        {items.map((item) => (
                            <section key={item.item_code ?? ""} class="card stack">
                                <h2>{item.item_code === null ? text("line.no_name") : <a href={pathTo("/items", item.item_code)}><Code>{item.item_code}</Code></a>}</h2>
                                <ol class="life">
                                    {item.current !== null && <PlaceOf place={item.current} isNow />}
                                    {item.current === null && <li class="soft">{decideText("serials.nowhere")}</li>}
                                    {[...item.places].reverse().map((place) => <PlaceOf key={place.n} place={place} />)}
                                </ol>
                            </section>
                        ))}
                        {conflicts.length > 0 && (
                            <Banner tone={conflicts.some((conflict) => conflict.status === "open") ? "warn" : "info"} icon="conflict" title={decideText("serials.conflicts", { n: conflicts.length })} action={<Button href={pathTo("/decide")}>{text("blocked.conflict_go")}</Button>} />
                        )}
                    </div>
                )}
            </Loading>
            <ZoneNote />
        </Page>
    );
}

interface Place {
    hidden: boolean;
    rack_id?: string | null;
    full_name?: string | null;
    count_id?: string | null;
    item_code?: string | null;
    at?: string | null;
}

function PlaceOf({ place, isNow = false }: { place: Place; isNow?: boolean }) {
    return (
        <li class="row">
            <Icon name={isNow ? "flag" : "history"} />
            <span class="grow">
                {place.hidden ? (
                    decideText("serials.hidden")
                ) : (
                    <>
                        <strong><Code>{place.rack_id ?? "–"}</Code></strong>
                        <div class="small soft">
                            {place.full_name !== undefined && place.full_name !== null && <Data>{place.full_name}</Data>}
                            {place.at !== undefined && place.at !== null && <> · <time translate={false}>{dateTime(place.at)}</time></>}
                        </div>
                    </>
                )}
            </span>
            {isNow && <Chip tone="ok">{decideText("serials.now")}</Chip>}
        </li>
    );
}
