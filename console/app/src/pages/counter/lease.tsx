import type { HeldRack, LeaseState } from "@stockverify/client";
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { countdown } from "../../i18n/format.js";
import { client } from "../../session.js";
import type { IconName } from "../../ui/icon.js";
import { Chip, type Tone } from "../../ui/surface.js";
import { text } from "./texts.js";

const looks: { [S in LeaseState]: { tone: Tone; icon: IconName } } = {
    held: { tone: "ok", icon: "check" },
    unconfirmed: { tone: "warn", icon: "clock" },
    paused: { tone: "info", icon: "pause" },
    finishing: { tone: "info", icon: "upload" },
    ended: { tone: "plain", icon: "flag" },
    lost: { tone: "bad", icon: "lock" },
};

/** Heartbeats renew a rack long before: only when they stay away does a person want to know for how long it still is theirs. */
const soon = 30;

const tick = signal(0);
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** Renders once a second while a page with a countdown is open. */
export function useTick(): void {
    void tick.value;
    useEffect(() => {
        if (watchers++ === 0) timer = setInterval(() => tick.value++, 1000);
        return () => {
            if (--watchers === 0) clearInterval(timer);
        };
    }, []);
}

/** Whose the rack is, by all that this device knows; how long it surely is. */
export function LeaseChip({ rack }: { rack: HeldRack }) {
    useTick();
    const { tone, icon } = looks[rack.lease];
    const left = rack.lease === "held" ? client.secondsLeft(rack.session_id) : 0;
    return (
        <Chip tone={tone} icon={icon}>
            {left > 0 && left <= soon ? text("lease.left", { time: countdown(left) }) : text(`lease.${rack.lease}`)}
        </Chip>
    );
}
