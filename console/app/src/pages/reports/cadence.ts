/** How often, as people say it; what is more than that is a cron expression of one's own. */
export type Rhythm = "hourly" | "daily" | "weekdays" | "weekly" | "monthly" | "own";
export const rhythms: readonly Rhythm[] = ["hourly", "daily", "weekdays", "weekly", "monthly", "own"];

export interface Cadence {
    rhythm: Rhythm;
    /** "06:00" */
    time: string;
    /** 0 is Sunday. */
    weekday: number;
    day: number;
    /** Of `own`. */
    cron: string;
}

export const usualCadence: Cadence = { rhythm: "weekly", time: "06:00", weekday: 1, day: 1, cron: "" };

const two = (value: number): string => String(value).padStart(2, "0");

export function toCron({ rhythm, time, weekday, day, cron }: Cadence): string {
    const [hour = 0, minute = 0] = time.split(":").map(Number);
    switch (rhythm) {
        case "hourly":
            return `${minute} * * * *`;
        case "daily":
            return `${minute} ${hour} * * *`;
        case "weekdays":
            return `${minute} ${hour} * * 1-5`;
        case "weekly":
            return `${minute} ${hour} * * ${weekday}`;
        case "monthly":
            return `${minute} ${hour} ${day} * *`;
        case "own":
            return cron.trim();
    }
}

const isNumber = (part: string | undefined, most: number): part is string => part !== undefined && /^[0-9]{1,2}$/.test(part) && Number(part) <= most;

export function fromCron(cron: string): Cadence {
    const own: Cadence = { ...usualCadence, rhythm: "own", cron };
    const parts = cron.trim().split(/\s+/);
    const [minute, hour, day, month, weekday] = parts;
    if (parts.length !== 5 || !isNumber(minute, 59) || month !== "*") return own;
    if (hour === "*" && day === "*" && weekday === "*") return { ...own, rhythm: "hourly", time: `00:${two(Number(minute))}` };
    if (!isNumber(hour, 23)) return own;
    const at = { ...own, time: `${two(Number(hour))}:${two(Number(minute))}` };
    if (day === "*" && weekday === "*") return { ...at, rhythm: "daily" };
    if (day === "*" && weekday === "1-5") return { ...at, rhythm: "weekdays" };
    if (day === "*" && isNumber(weekday, 7)) return { ...at, rhythm: "weekly", weekday: Number(weekday) % 7 };
    if (isNumber(day, 31) && day !== "0" && weekday === "*") return { ...at, rhythm: "monthly", day: Number(day) };
    return own;
}
