import { catalogue } from "../../i18n/catalogue.js";
import { adminEnglish } from "./texts.en.js";

/** Texts of the administrators' pages. */
export const text = catalogue(adminEnglish, {
    hi: async () => (await import("./texts.hi.js")).adminHindi,
    ar: async () => (await import("./texts.ar.js")).adminArabic,
});
