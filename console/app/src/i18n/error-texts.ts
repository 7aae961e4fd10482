import { catalogue } from "./catalogue.js";
import { errorsEnglish } from "./errors.en.js";

type Code = keyof typeof errorsEnglish;

const text = catalogue(errorsEnglish, {
    hi: async () => (await import("./errors.hi.js")).errorsHindi,
    ar: async () => (await import("./errors.ar.js")).errorsArabic,
});

/** What a code of the server's means, in the page's language; `null`: no text stands for it, and the server's own sentence is all there is. */
export const errorText = (code: string): string | null => (Object.hasOwn(errorsEnglish, code) ? text(code as Code) : null);
