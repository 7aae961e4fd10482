import { loadTexts } from "./catalogue.js";

let find: (code: string) => string | null = () => null;

/** What a code of the server's means, in the page's language; `null`: no text stands for it, or none is loaded yet. */
export const errorText = (code: string): string | null => find(code);

/** The texts are no part of what a phone loads first: they come with the first login. */
export async function loadErrorTexts(): Promise<void> {
    const texts = await import("./error-texts.js");
    await loadTexts();
    find = texts.errorText;
}
