import type { ComponentChildren } from "preact";

/** A code: never translated, from left to right in every language. */
export function Code({ children }: { children: ComponentChildren }) {
    return (
        <bdi class="code" translate={false} dir="ltr">
            {children}
        </bdi>
    );
}

/** A name or remark that somebody wrote: in its own language and direction. */
export function Data({ children, class: extra }: { children: ComponentChildren; class?: string }) {
    return (
        <bdi translate={false} dir="auto" class={extra}>
            {children}
        </bdi>
    );
}
