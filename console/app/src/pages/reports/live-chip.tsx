import { liveState } from "../../live.js";
import { Chip } from "../../ui/surface.js";
import { text } from "./texts.js";

/** Whether what is shown changes by itself. */
export function LiveChip() {
    const isLive = liveState.value === "live";
    return (
        <span role="status" class="live-chip" data-live={liveState.value}>
            <Chip tone={isLive ? "ok" : "warn"} icon={isLive ? "live" : "offline"}>
                {isLive ? text("live.on") : text("live.off")}
            </Chip>
        </span>
    );
}
