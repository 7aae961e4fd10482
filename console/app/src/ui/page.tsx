import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { shellText } from "../i18n/shell.js";
import { Button } from "./button.js";

/** Whoever goes from place to place by the keyboard wants to see where a page begins; a tap needs no frame round its name. */
let isByKeyboard = false;
addEventListener("keydown", (event) => (isByKeyboard ||= event.key === "Tab"), { capture: true });
addEventListener("pointerdown", () => (isByKeyboard = false), { capture: true });

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
    const head = useRef<HTMLElement>(null);
    const name = useRef<HTMLHeadingElement>(null);
    useEffect(() => {
        document.title = `${title} · StockVerify`;
    }, [title]);
    // Who comes by the keyboard goes on from the page's name; a field that has the focus already keeps it.
    useEffect(() => {
        const active = document.activeElement;
        if (active instanceof HTMLInputElement || document.querySelector("dialog[open]") !== null) return;
        if (main.current?.contains(active) === true || head.current?.contains(active) === true) return;
        (isByKeyboard ? name : main).current?.focus({ preventScroll: true });
    }, []);
    return (
        <>
            <header ref={head} class={wide ? "shell-head shell-head-wide" : "shell-head"}>
                {back !== undefined && <Button kind="plain" icon="back" label={shellText("back")} href={back} />}
                <h1 ref={name} class="grow page-name" tabIndex={-1}>
                    {heading ?? title}
                </h1>
                {actions}
            </header>
            <main ref={main} id="content" class={wide ? "page page-wide" : "page"} tabIndex={-1}>
                {children}
            </main>
        </>
    );
}
