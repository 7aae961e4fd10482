import type { Signal } from "@preact/signals";
import { number } from "../../i18n/format.js";
import { Ring } from "../../ui/figures.js";
import { Icon } from "../../ui/icon.js";
import { Code, Data } from "../../ui/text.js";
import { rackIcons, rackStates } from "./rack-shares.js";
import { text } from "./texts.js";
import type { Floor, Tower, TowerRack } from "./tower.js";

interface FloorMapProps {
    floor: Floor;
    tower: Tower;
    onOpen: (rackId: string) => void;
}

/** A floor's racks, zone by zone. Only a rack that changes is painted anew. */
export function FloorMap({ floor, tower, onOpen }: FloorMapProps) {
    return (
        <section class="card stack-tight floor-map">
            <FloorHead floor={floor} />
            {floor.zones.map((zone) => (
                <div key={zone.name} class="zone">
                    {zone.name !== "" && (
                        <h3 class="small soft">
                            <Data>{zone.name}</Data>
                        </h3>
                    )}
                    <div class="rack-tiles" role="group" aria-label={zone.name === "" ? floor.name : zone.name} onKeyDown={moveFocus} onFocusIn={keepFocus}>
                        {zone.racks.map((rack, index) => (
                            <RackTile key={rack.peek().rack_id} rack={rack} tower={tower} onOpen={onOpen} isFirst={index === 0} />
                        ))}
                    </div>
                </div>
            ))}
        </section>
    );
}

function FloorHead({ floor }: { floor: Floor }) {
    const counts = floor.counts.value;
    const total = rackStates.reduce((sum, state) => sum + counts[state], 0);
    return (
        <div class="row">
            <Ring share={total === 0 ? 0 : counts.completed / total} size={56} label={text("dashboard.racks_done", { done: counts.completed, total })} />
            <div class="grow">
                <h2>{floor.name === "" ? text("watchtower.no_floor") : <Data>{floor.name}</Data>}</h2>
                <ul class="row floor-counts small">
                    {rackStates.map((state) => (
                        <li key={state} class="row floor-count">
                            <span class={`shares-sign rack-${state}`}>
                                <Icon name={rackIcons[state]} />
                            </span>
                            {text(`rack.${state}`)} <strong class="number">{number(counts[state])}</strong>
                        </li>
                    ))}
                </ul>
            </div>
        </div>
    );
}

function RackTile({ rack, tower, onOpen, isFirst }: { rack: Signal<TowerRack>; tower: Tower; onOpen: (rackId: string) => void; isFirst: boolean }) {
    const { rack_id, status, user_id } = rack.value;
    const name = tower.nameOf(user_id);
    return (
        <button
            type="button"
            class={`rack-tile rack-${status}`}
            data-rack={rack_id}
            data-status={status}
            tabIndex={isFirst ? 0 : -1}
            aria-label={name === null ? text("rack.told", { rack: rack_id, state: text(`rack.${status}`) }) : text("rack.told_by", { rack: rack_id, state: text(`rack.${status}`), name })}
            onClick={() => onOpen(rack_id)}
        >
            <Icon name={rackIcons[status]} />
            <Code>{rack_id}</Code>
        </button>
    );
}

const tileOf = (target: EventTarget | null): HTMLElement | null => (target instanceof HTMLElement ? target.closest<HTMLElement>(".rack-tile") : null);

/** One stop for the Tab key in each zone; arrows go from rack to rack. */
function moveFocus(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
    const tile = tileOf(event.target);
    if (tile === null) return;
    const tiles = [...event.currentTarget.querySelectorAll<HTMLElement>(".rack-tile")];
    const at = tiles.indexOf(tile);
    const isMirrored = document.documentElement.dir === "rtl";
    const below = tiles.findIndex((each, index) => index > at && each.offsetLeft === tile.offsetLeft);
    const above = tiles.findLastIndex((each, index) => index < at && each.offsetLeft === tile.offsetLeft);
    const to: { readonly [key: string]: number } = { ArrowRight: at + (isMirrored ? -1 : 1), ArrowLeft: at + (isMirrored ? 1 : -1), ArrowDown: below, ArrowUp: above, Home: 0, End: tiles.length - 1 };
    const next = tiles[to[event.key] ?? -1];
    if (next === undefined) return;
    next.focus();
    event.preventDefault();
}

function keepFocus(event: FocusEvent & { currentTarget: HTMLElement }): void {
    const tile = tileOf(event.target);
    if (tile === null) return;
    for (const each of event.currentTarget.querySelectorAll<HTMLElement>('.rack-tile[tabindex="0"]')) each.tabIndex = -1;
    tile.tabIndex = 0;
}
