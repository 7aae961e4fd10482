import { text } from "./texts.js";

/** How long ago, short enough for a table that changes every second. */
export function ageText(seconds: number): string {
    if (seconds < 60) return text("age.seconds", { n: seconds });
    if (seconds < 3600) return text("age.minutes", { n: Math.floor(seconds / 60) });
    return text("age.hours", { n: Math.floor(seconds / 3600) });
}
