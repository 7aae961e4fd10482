import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.js";

export type Tone = "plain" | "ok" | "warn" | "bad" | "info" | "accent";

const toneIcons: { [T in Tone]: IconName } = { plain: "info", ok: "check", warn: "warning", bad: "stop", info: "info", accent: "info" };

/** A state in a word: always with a sign, never by its colour alone. */
export function Chip({ tone = "plain", icon, children }: { tone?: Tone; icon?: IconName; children: ComponentChildren }) {
    return (
        <span class={`chip tone-${tone}`}>
            <Icon name={icon ?? toneIcons[tone]} />
            {children}
        </span>
    );
}

/** Something to know before going on, with what can be done about it. */
export function Banner({ tone = "plain", icon, title, children, action }: { tone?: Tone; icon?: IconName; title?: string; children?: ComponentChildren; action?: ComponentChildren }) {
    return (
        <div class={`banner tone-${tone}`} role={tone === "bad" ? "alert" : "status"}>
            <Icon name={icon ?? toneIcons[tone]} />
            <div class="grow stack-tight">
                {title !== undefined && <strong>{title}</strong>}
                {children !== undefined && <div class="small">{children}</div>}
                {action !== undefined && <div class="row">{action}</div>}
            </div>
        </div>
    );
}

/** Where there is nothing: what it means, and what to do. */
export function EmptyState({ icon, title, text, action }: { icon: IconName; title: string; text?: string; action?: ComponentChildren }) {
    return (
        <div class="empty">
            <Icon name={icon} />
            <h2>{title}</h2>
            {text !== undefined && <p>{text}</p>}
            {action}
        </div>
    );
}

export function Card({ children, class: extra = "" }: { children: ComponentChildren; class?: string }) {
    return <section class={`card ${extra}`}>{children}</section>;
}

/** The place of what is being loaded: of its size, so that nothing jumps. */
export function Skeleton({ rows = 3, height = 72 }: { rows?: number; height?: number }) {
    return (
        <div class="stack" aria-hidden="true">
            {Array.from({ length: rows }, (_, index) => (
                <div key={index} class="skeleton" style={{ blockSize: `${height}px` }} />
            ))}
        </div>
    );
}
