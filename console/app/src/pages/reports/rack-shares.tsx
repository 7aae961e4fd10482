import { number } from "../../i18n/format.js";
import type { IconName } from "../../ui/icon.js";
import { Icon } from "../../ui/icon.js";
import type { Tone } from "../../ui/surface.js";
import { text } from "./texts.js";

export const rackStates = ["completed", "claimed", "paused", "available"] as const;
export type RackState = (typeof rackStates)[number];

export const rackIcons: { readonly [S in RackState]: IconName } = { completed: "check", claimed: "user", paused: "pause", available: "rack" };

export const rackTones: { readonly [S in RackState]: Tone } = { completed: "ok", claimed: "info", paused: "warn", available: "plain" };

/** How many racks stand how: in words, signs and lengths. */
export function RackShares({ racks }: { racks: { readonly [S in RackState]: number } }) {
    const total = rackStates.reduce((sum, state) => sum + racks[state], 0);
    return (
        <div class="shares grow">
            <div class="shares-bar" aria-hidden="true">
                {rackStates.map((state) => racks[state] > 0 && <span key={state} class={`shares-part rack-${state}`} style={{ flexGrow: racks[state] / Math.max(1, total) }} />)}
            </div>
            <ul class="shares-list">
                {rackStates.map((state) => (
                    <li key={state} class="row">
                        <span class={`shares-sign rack-${state}`}>
                            <Icon name={rackIcons[state]} />
                        </span>
                        <span class="grow small">{text(`rack.${state}`)}</span>
                        <strong class="number">{number(racks[state])}</strong>
                    </li>
                ))}
            </ul>
        </div>
    );
}
