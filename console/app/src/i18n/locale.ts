import { signal } from "@preact/signals";
import type { Language } from "./message.js";

export const locales = ["en", "hi", "ar"] as const;
export type Locale = (typeof locales)[number] | "pseudo";

/** Each language's own name for itself. */
export const localeNames: { [L in Locale]: string } = { en: "English", hi: "हिन्दी", ar: "العربية", pseudo: "⟦Pseudo⟧" };

const storageKey = "sv.locale";

function isLocale(text: string | null): text is Locale {
    return text !== null && (text === "pseudo" || (locales as readonly string[]).includes(text));
}

function firstLocale(): Locale {
    const asked = new URLSearchParams(location.search).get("locale");
    if (isLocale(asked)) return asked;
    const kept = localStorage.getItem(storageKey);
    if (isLocale(kept)) return kept;
    for (const tag of navigator.languages) {
        const primary = tag.split("-")[0] ?? "";
        if (isLocale(primary)) return primary;
    }
    return "en";
}

export const locale = signal<Locale>(firstLocale());

/** The tag for Intl; what the device says more exactly of the same language counts. */
export function localeTag(chosen: Locale): string {
    if (chosen === "pseudo") return "en";
    return navigator.languages.find((tag) => tag === chosen || tag.startsWith(`${chosen}-`)) ?? chosen;
}

export const isRightToLeft = (chosen: Locale): boolean => chosen === "ar";

export function languageOf(chosen: Locale): Language {
    const tag = localeTag(chosen);
    const numbers = new Intl.NumberFormat(tag);
    const plurals = new Intl.PluralRules(tag);
    return { tag, isolate: true, number: (value) => numbers.format(value), plural: (value) => plurals.select(value) };
}

/** Writes the choice down and turns the page. Texts are loaded by whoever changes the language: `setLocale`. */
export function applyLocale(chosen: Locale): void {
    localStorage.setItem(storageKey, chosen);
    document.documentElement.lang = localeTag(chosen);
    document.documentElement.dir = isRightToLeft(chosen) ? "rtl" : "ltr";
    locale.value = chosen;
}
