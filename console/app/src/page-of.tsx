import { NoAnswer } from "@stockverify/client";
import type { ComponentType } from "preact";
import { lazy } from "preact-iso";
import { loadTexts } from "./i18n/catalogue.js";
import { shellText } from "./i18n/shell.js";
import { base } from "./paths.js";
import { Failure } from "./ui/loading.js";
import { Page } from "./ui/page.js";

/** A page that comes when it is first opened, or is fetched before. */
export type LazyPage = ComponentType & { preload(): Promise<void> };

/** A page of a chunk, with its texts in the page's language. */
export function pageOf<Chunk>(load: () => Promise<Chunk>, pick: (chunk: Chunk) => ComponentType): LazyPage {
    const preload = async (): Promise<Chunk> => {
        const chunk = await load();
        await loadTexts();
        return chunk;
    };
    const page = lazy(async () => {
        const chunk = await preload().catch(() => null);
        return { default: chunk === null ? OutOfReach : pick(chunk) };
    });
    // Not that of `lazy`: a page whose file could not be had once would never come.
    return Object.assign(page, { preload: async () => void (await preload()) });
}

function OutOfReach() {
    return (
        <Page title={shellText("fault.title")} back={base}>
            <Failure fault={new NoAnswer("the page's file could not be had")} retry={() => location.reload()} />
        </Page>
    );
}
