import { catalogue } from "./catalogue.js";
import { shellEnglish } from "./shell.en.js";

/** Texts of the frame, of login and of what all pages share. */
export const shellText = catalogue(shellEnglish, {
    hi: async () => (await import("./shell.hi.js")).shellHindi,
    ar: async () => (await import("./shell.ar.js")).shellArabic,
});
