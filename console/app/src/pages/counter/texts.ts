import { catalogue } from "../../i18n/catalogue.js";
import { counterEnglish } from "./texts.en.js";

/** Texts of the counter's pages. */
export const text = catalogue(counterEnglish, {
    hi: async () => (await import("./texts.hi.js")).counterHindi,
    ar: async () => (await import("./texts.ar.js")).counterArabic,
});
