import { language } from "../../i18n/catalogue.js";
import { clockTime } from "../../i18n/format.js";
import { fromCron } from "./cadence.js";
import { text } from "./texts.js";

/** A Sunday, and so the first of seven days to take names from. */
const sunday = Date.UTC(2026, 0, 4);

export const weekdayName = (weekday: number): string => new Intl.DateTimeFormat(language().tag, { weekday: "long", timeZone: "UTC" }).format(sunday + weekday * 86_400_000);

/** A time of the clock, whatever zone it is of. */
const timeOf = (time: string): string => clockTime(`2026-01-04T${time}:00`);

/** When a schedule runs, in words; a cron expression where no words are for it. */
export function cadenceText(cron: string): string {
    const cadence = fromCron(cron);
    const time = timeOf(cadence.time);
    switch (cadence.rhythm) {
        case "hourly":
            return text("cadence.hourly", { minute: Number(cadence.time.slice(3)) });
        case "daily":
            return text("cadence.daily", { time });
        case "weekdays":
            return text("cadence.weekdays", { time });
        case "weekly":
            return text("cadence.weekly", { day: weekdayName(cadence.weekday), time });
        case "monthly":
            return text("cadence.monthly", { day: cadence.day, time });
        case "own":
            return text("cadence.own", { cron });
    }
}
