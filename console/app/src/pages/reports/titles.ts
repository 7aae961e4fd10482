import { catalogue } from "../../i18n/catalogue.js";
import { text } from "./texts.js";
import { titlesEnglish } from "./titles.en.js";

const title = catalogue(titlesEnglish, {
    hi: async () => (await import("./titles.hi.js")).titlesHindi,
    ar: async () => (await import("./titles.ar.js")).titlesArabic,
});

const isKnown = (name: string): name is keyof typeof titlesEnglish => Object.hasOwn(titlesEnglish, name);

/** How the server makes a column's title of a field's. */
const made = [
    [/^Sum of (.+)$/, "title.sum"],
    [/^Average (.+)$/, "title.avg"],
    [/^Least (.+)$/, "title.min"],
    [/^Greatest (.+)$/, "title.max"],
    [/^Different (.+)$/, "title.count_distinct"],
    [/^Day of (.+)$/, "title.day"],
    [/^Week of (.+)$/, "title.week"],
    [/^Month of (.+)$/, "title.month"],
    [/^(.+) before$/, "title.before"],
    [/^(.+) after$/, "title.after"],
    [/^(.+) difference %$/, "title.percent"],
    [/^(.+) difference$/, "title.change"],
] as const;

/** A field's, collection's or column's title in the page's language; the server's own where no text stands for it. */
export function titleText(server: string): string {
    if (isKnown(server)) return title(server);
    for (const [pattern, key] of made) {
        const found = pattern.exec(server)?.[1];
        if (found !== undefined) return text(key, { field: titleText(found) });
    }
    return server;
}
