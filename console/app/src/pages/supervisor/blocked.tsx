import { pathTo } from "../../paths.js";
import { Button } from "../../ui/button.js";
import { Icon, type IconName } from "../../ui/icon.js";
import { Code } from "../../ui/text.js";
import type { ApprovalBar } from "./kinds.js";
import { type BarGroup, groupBars } from "./review-bars.js";
import { text } from "./texts.js";

const icons: { [Reason in ApprovalBar["reason"]]: IconName } = {
    conflict: "conflict",
    find: "box",
    unknown: "box",
    recount: "sync",
    recount_asked: "sync",
    incomplete: "clock",
    not_recounted: "warning",
    not_accepted: "check",
};

/** Why the count can't be approved yet, in words, with the way to what bars it. */
export function Blocked({ countId, bars, hasMore }: { countId: string; bars: readonly ApprovalBar[]; hasMore: boolean }) {
    if (bars.length === 0) return null;
    return (
        <section class="card stack-tight blocked">
            <h2>{text("blocked.title")}</h2>
            <ul class="stack-tight">
                {groupBars(bars).map((group) => (
                    <li key={group.reason} class="row">
                        <Icon name={icons[group.reason]} />
                        <span class="grow">
                            {text(`blocked.${group.reason}`, { n: group.bars.length })}
                            {hasMore && group.reason === "not_accepted" && ` ${text("blocked.more")}`}
                            <Named group={group} />
                        </span>
                        <Button href={wayTo(countId, group)}>{text(`blocked.${group.reason}_go`)}</Button>
                    </li>
                ))}
            </ul>
        </section>
    );
}

const shown = 3;

function Named({ group }: { group: BarGroup }) {
    if (group.reason === "not_accepted") return null;
    const names = [...new Set(group.bars.map((bar) => bar.item_code ?? bar.rack_id).filter((name) => name !== null && name !== undefined))];
    if (names.length === 0) return null;
    return (
        <div class="small soft">
            {names.slice(0, shown).map((name, index) => (
                <span key={name}>
                    {index > 0 && " · "}
                    <Code>{name}</Code>
                </span>
            ))}
            {names.length > shown && " …"}
        </div>
    );
}

function wayTo(countId: string, { reason, bars }: BarGroup): string {
    const review = pathTo("/counts", countId, "review");
    const [first] = bars;
    switch (reason) {
        case "conflict":
            return `${pathTo("/decide")}?count=${encodeURIComponent(countId)}`;
        case "find":
        case "unknown":
            return pathTo("/unknown-items");
        case "recount":
            return pathTo("/counts", countId);
        case "not_accepted":
            return `${review}?state=undecided`;
        case "recount_asked":
        case "not_recounted":
        case "incomplete":
            return bars.length === 1 && first?.item_code !== undefined && first.item_code !== null ? pathTo("/counts", countId, "review", first.item_code) : `${review}?state=${reason}`;
    }
}
