import type { ComponentChildren } from "preact";
import { percent } from "../i18n/format.js";

/** How much of a whole is done. */
export function Ring({ share, size = 72, label, children, tone }: { share: number; size?: number; label: string; children?: ComponentChildren; tone?: string }) {
    const width = Math.max(5, size / 11);
    const radius = (size - width) / 2;
    const around = 2 * Math.PI * radius;
    const part = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
    return (
        <div class="ring" role="img" aria-label={label} style={{ inlineSize: `${size}px`, blockSize: `${size}px`, fontSize: `${size / 4.4}px`, ...(tone === undefined ? {} : { "--ring-tone": `var(--${tone})` }) }}>
            <svg width={size} height={size} viewBox={`0 0 ${size} ${size}`} fill="none" stroke-width={width} aria-hidden="true">
                <circle class="ring-track" cx={size / 2} cy={size / 2} r={radius} />
                {part > 0 && <circle class="ring-value" cx={size / 2} cy={size / 2} r={radius} stroke-dasharray={around} stroke-dashoffset={around * (1 - part)} />}
            </svg>
            <span class="ring-label" aria-hidden="true">
                {children ?? percent(part)}
            </span>
        </div>
    );
}

export function Progress({ share, label, tone }: { share: number; label: string; tone?: string }) {
    const part = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
    return (
        <div class="progress" role="progressbar" aria-label={label} aria-valuenow={Math.round(part * 100)} aria-valuemin={0} aria-valuemax={100} style={tone === undefined ? {} : { "--progress-tone": `var(--${tone})` }}>
            <div style={{ transform: `scaleX(${part})` }} />
        </div>
    );
}
