import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { shellText } from "../i18n/shell.js";
import { Button } from "./button.js";

interface PageProps {
    title: string;
    /** Shown instead of the title's text, where a part of it is a code. */
    heading?: ComponentChildren;
    /** The page above this one. */
    back?: string;
    actions?: ComponentChildren;
    wide?: boolean;
    children: ComponentChildren;
}

/** The frame of every page: its name, the way back, what can be done, and where a reader of the screen begins. */
export function Page({ title, heading, back, actions, wide = false, children }: PageProps) {
    const main = useRef<HTMLElement>(null);
    useEffect(() => {
        document.title = `${title} · StockVerify`;
    }, [title]);
    useEffect(() => {
        if (document.activeElement === null || document.activeElement === document.body) main.current?.focus({ preventScroll: true });
    }, []);
    return (
        <>
            <header class="shell-head">
                {back !== undefined && <Button kind="plain" icon="back" label={shellText("back")} href={back} />}
                <h1 class="grow clip">{heading ?? title}</h1>
                {actions}
            </header>
            <main ref={main} id="content" class={wide ? "page page-wide" : "page"} tabIndex={-1}>
                {children}
            </main>
        </>
    );
}
