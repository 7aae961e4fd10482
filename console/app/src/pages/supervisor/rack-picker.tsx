import { useState } from "preact/hooks";
import { Button } from "../../ui/button.js";
import { TextField } from "../../ui/field.js";
import { Code, Data } from "../../ui/text.js";
import { text } from "./texts.js";

export interface ScopeRack {
    rack_id: string;
    floor: string | null;
    zone: string | null;
}

const most = 100;

/** Some racks of many: found by a part of their name, floor or zone. */
export function RackPicker({ racks, chosen, onChange }: { racks: readonly ScopeRack[]; chosen: ReadonlySet<string>; onChange: (chosen: ReadonlySet<string>) => void }) {
    const [search, setSearch] = useState("");
    const wanted = search.trim().toLowerCase();
    const order = new Intl.Collator("en", { numeric: true });
    const found = racks
        .filter((rack) => [rack.rack_id, rack.floor ?? "", rack.zone ?? ""].some((part) => part.toLowerCase().includes(wanted)))
        .sort((a, b) => order.compare(a.rack_id, b.rack_id));
    const put = (ids: readonly string[], isIn: boolean): void => {
        const next = new Set(chosen);
        for (const id of ids) isIn ? next.add(id) : next.delete(id);
        onChange(next);
    };
    return (
        <div class="stack-tight">
            <TextField label={text("picker.search")} type="search" value={search} onInput={setSearch} code />
            <div class="row">
                <span class="grow small" role="status">
                    {text("picker.chosen", { n: chosen.size })}
                </span>
                {found.length > 0 && (
                    <Button kind="plain" onClick={() => put(found.map((rack) => rack.rack_id), true)}>
                        {text("picker.all", { n: found.length })}
                    </Button>
                )}
                {chosen.size > 0 && (
                    <Button kind="plain" onClick={() => onChange(new Set())}>
                        {text("picker.none")}
                    </Button>
                )}
            </div>
            <ul class="list picker">
                {found.slice(0, most).map((rack) => (
                    <li key={rack.rack_id}>
                        <label class="list-row">
                            <input type="checkbox" checked={chosen.has(rack.rack_id)} onChange={(event) => put([rack.rack_id], event.currentTarget.checked)} />
                            <span class="grow">
                                <Code>{rack.rack_id}</Code>
                            </span>
                            <span class="small soft">
                                <Data>{[rack.floor, rack.zone].filter((part) => part !== null).join(" · ")}</Data>
                            </span>
                        </label>
                    </li>
                ))}
                {found.length > most && <li class="list-row soft small">{text("picker.more", { n: found.length - most })}</li>}
                {found.length === 0 && <li class="list-row soft small">{text("picker.nothing")}</li>}
            </ul>
        </div>
    );
}
