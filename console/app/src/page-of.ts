import type { ComponentType } from "preact";
import { lazy } from "preact-iso";
import { loadTexts } from "./i18n/catalogue.js";

/** A page of a chunk: loaded when it is first opened, with its texts in the page's language. */
export function pageOf<Chunk>(load: () => Promise<Chunk>, pick: (chunk: Chunk) => ComponentType): ComponentType {
    return lazy(async () => {
        const chunk = await load();
        await loadTexts();
        return { default: pick(chunk) };
    });
}
