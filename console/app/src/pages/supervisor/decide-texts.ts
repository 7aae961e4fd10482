import { catalogue } from "../../i18n/catalogue.js";
import { decideEnglish } from "./decide-texts.en.js";

/** Texts of what is decided beside a review: conflicts, unknown items, serial numbers, the master; and of variances. */
export const text = catalogue(decideEnglish, {
    hi: async () => (await import("./decide-texts.hi.js")).decideHindi,
    ar: async () => (await import("./decide-texts.ar.js")).decideArabic,
});
