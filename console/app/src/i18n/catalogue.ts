import { signal } from "@preact/signals";
import { applyLocale, languageOf, locale, type Locale } from "./locale.js";
import { type ArgumentsOf, formatMessage, type Language, type Messages, type Translation } from "./message.js";

type Loaders<English extends Messages> = { [L in Exclude<Locale, "en" | "pseudo">]: () => Promise<Translation<English>> };

/** The text of a key in the language of the page; what it must be told besides is in its English text. */
export type Translate<English extends Messages> = <Key extends keyof English & string>(key: Key, ...values: ArgumentsOf<English[Key]>) => string;

interface Catalogue {
    load(chosen: Locale): Promise<void>;
}

const catalogues = new Set<Catalogue>();

/** Changes when texts do: whoever renders texts depends on it. */
const shown = signal<{ language: Language; locale: Locale }>({ language: languageOf("en"), locale: "en" });

/**
 * The texts of the shell or of one role's pages. English comes with the code that uses it; each other language is a file
 * of its own, loaded when it is the page's: `loadTexts` waits for it.
 */
export function catalogue<const English extends Messages>(english: English, loaders: Loaders<English>): Translate<English> {
    const loaded = new Map<Locale, Translation<English>>([["en", english as unknown as Translation<English>]]);
    catalogues.add({
        async load(chosen) {
            if (loaded.has(chosen)) return;
            const texts = chosen === "pseudo" ? (await import("./pseudo.js")).pseudoTranslation(english) : await loaders[chosen as Exclude<Locale, "en" | "pseudo">]();
            loaded.set(chosen, texts);
        },
    });
    return (key, ...values) => {
        const { language, locale: current } = shown.value;
        const message = (loaded.get(current) ?? english)[key] ?? key;
        return formatMessage(message, values[0], language);
    };
}

/** Loads the texts of what has been imported by now, in the page's language. English stays where a file can't be had. */
export async function loadTexts(): Promise<void> {
    const chosen = locale.value;
    await Promise.all([...catalogues].map((each) => each.load(chosen).catch(() => undefined)));
    if (chosen === locale.value) shown.value = { language: languageOf(chosen), locale: chosen };
}

export async function setLocale(chosen: Locale): Promise<void> {
    applyLocale(chosen);
    await loadTexts();
}

/** The language that texts and numbers are shown in. */
export const language = (): Language => shown.value.language;
