import { catalogue } from "../../i18n/catalogue.js";
import { supervisorEnglish } from "./texts.en.js";

/** Texts of the supervisor's pages from counts to the books. */
export const text = catalogue(supervisorEnglish, {
    hi: async () => (await import("./texts.hi.js")).supervisorHindi,
    ar: async () => (await import("./texts.ar.js")).supervisorArabic,
});
