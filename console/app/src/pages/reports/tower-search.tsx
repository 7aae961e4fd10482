import { useComputed, useSignal } from "@preact/signals";
import { TextField } from "../../ui/field.js";
import { Icon } from "../../ui/icon.js";
import { Chip } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { rackIcons, rackTones } from "./rack-shares.js";
import { text } from "./texts.js";
import type { Tower } from "./tower.js";

/** So many are told; more words narrow them. */
const most = 8;

/** Finds a rack by its code, its zone or by who has it. */
export function TowerSearch({ tower, onOpen }: { tower: Tower; onOpen: (rackId: string) => void }) {
    const typed = useSignal("");
    const found = useComputed(() => tower.find(typed.value).map((rack) => rack.value));
    const isAsked = typed.value.trim() !== "";
    return (
        <section class="stack-tight tower-search">
            <TextField type="search" label={text("watchtower.find")} value={typed.value} onInput={(value) => (typed.value = value)} maxLength={128} autocomplete="off" code />
            <p class="small soft" role="status">
                {!isAsked ? "" : found.value.length === 0 ? text("watchtower.found_none") : text("watchtower.found", { n: found.value.length })}
            </p>
            {found.value.length > 0 && (
                <ul class="list">
                    {found.value.slice(0, most).map((rack) => (
                        <li key={rack.rack_id}>
                            <button type="button" class="list-row" onClick={() => onOpen(rack.rack_id)}>
                                <span class="grow">
                                    <strong>
                                        <Code>{rack.rack_id}</Code>
                                    </strong>
                                    <div class="small soft">
                                        <Data>{[rack.floor, rack.zone, tower.nameOf(rack.user_id)].filter((part) => part !== null && part !== "").join(" · ")}</Data>
                                    </div>
                                </span>
                                <Chip tone={rackTones[rack.status]} icon={rackIcons[rack.status]}>
                                    {text(`rack.${rack.status}`)}
                                </Chip>
                                <Icon name="next" class="soft" />
                            </button>
                        </li>
                    ))}
                </ul>
            )}
        </section>
    );
}
