import { shellText } from "../i18n/shell.js";
import { deviceZone } from "../days.js";

interface ZoneNoteProps {
    /** Whose days the page asks for or shows: none, this device's, a warehouse's, or those of a zone that is known. */
    days?: "none" | "device" | "warehouse" | { zone: string };
}

/** Times are shown as this device has them; whose they are, and whose the days are, is said where any stand. */
export function ZoneNote({ days = "none" }: ZoneNoteProps) {
    const zone = deviceZone();
    const told =
        typeof days === "object"
            ? days.zone === zone
                ? shellText("zone.all", { zone })
                : shellText("zone.days_of", { zone, days: days.zone })
            : days === "device"
              ? shellText("zone.all", { zone })
              : days === "warehouse"
                ? shellText("zone.days_of_warehouse", { zone })
                : shellText("zone.times", { zone });
    return <p class="small soft zone-note">{told}</p>;
}
