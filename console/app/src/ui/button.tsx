import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icon.js";

export interface ButtonProps {
    kind?: "default" | "primary" | "soft" | "danger" | "plain";
    size?: "normal" | "large";
    wide?: boolean;
    icon?: IconName;
    /** What it says; a button of an icon alone says it to readers of the screen. */
    label?: string;
    type?: "button" | "submit";
    disabled?: boolean;
    busy?: boolean;
    class?: string;
    "aria-expanded"?: boolean;
    "aria-pressed"?: boolean;
    "aria-controls"?: string;
    /** Where it leads: then it is a link. */
    href?: string;
    /** While a promise it returned is pending the button is busy and does nothing more. */
    onClick?: (event: MouseEvent) => unknown;
    children?: ComponentChildren;
}

export function Button(props: ButtonProps) {
    const { kind = "default", size = "normal", wide = false, icon, label, type = "button", disabled = false, busy = false, href, onClick, children } = props;
    const [pending, setPending] = useState(false);
    const running = useRef(false);
    const isBusy = busy || pending;
    const iconOnly = icon !== undefined && children === undefined;
    const classes = ["button", kind === "default" ? "" : `button-${kind}`, size === "large" ? "button-large" : "", wide ? "button-wide" : "", iconOnly ? "button-icon" : "", props.class ?? ""]
        .filter((name) => name !== "")
        .join(" ");
    const inside = (
        <>
            {isBusy ? <span class="spinner" /> : icon !== undefined && <Icon name={icon} />}
            {children !== undefined && <span>{children}</span>}
        </>
    );
    if (href !== undefined)
        return (
            <a class={classes} href={href} aria-label={label} onClick={onClick}>
                {inside}
            </a>
        );
    const click = (event: MouseEvent): void => {
        if (running.current || onClick === undefined) return;
        const result = onClick(event);
        if (!(result instanceof Promise)) return;
        running.current = true;
        setPending(true);
        void result.finally(() => {
            running.current = false;
            setPending(false);
        });
    };
    return (
        <button
            type={type}
            class={classes}
            disabled={disabled}
            aria-busy={isBusy}
            aria-label={label}
            aria-expanded={props["aria-expanded"]}
            aria-pressed={props["aria-pressed"]}
            aria-controls={props["aria-controls"]}
            title={iconOnly ? label : undefined}
            onClick={click}
        >
            {inside}
        </button>
    );
}
