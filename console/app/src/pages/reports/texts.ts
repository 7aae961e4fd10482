import { catalogue } from "../../i18n/catalogue.js";
import { reportsEnglish } from "./texts.en.js";

/** Texts of dashboards, the watchtower, reports and jobs. */
export const text = catalogue(reportsEnglish, {
    hi: async () => (await import("./texts.hi.js")).reportsHindi,
    ar: async () => (await import("./texts.ar.js")).reportsArabic,
});
