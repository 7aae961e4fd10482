import { catalogue } from "../../i18n/catalogue.js";
import { auditEnglish } from "./audit-texts.en.js";

const text = catalogue(auditEnglish, {
    hi: async () => (await import("./audit-texts.hi.js")).auditHindi,
    ar: async () => (await import("./audit-texts.ar.js")).auditArabic,
});

const isKnown = (action: string): action is keyof typeof auditEnglish => Object.hasOwn(auditEnglish, action);

/** An action in words; `null` for one that a newer server has. */
export const actionWords = (action: string): string | null => (isKnown(action) ? text(action) : null);
