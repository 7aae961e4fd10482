import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { percent, span } from "../../i18n/format.js";
import { pathTo } from "../../paths.js";
import { prefer, preferences } from "../../preferences.js";
import { giveSignal, unlockSound } from "../../scan/feedback.js";
import type { KeyLayout } from "../../scan/keys.js";
import { layoutOf, testBars, testCode } from "../../scan/layout.js";
import { lastTyped, useScans } from "../../scan/scanner.js";
import { deviceClock } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Icon } from "../../ui/icon.js";
import { Page } from "../../ui/page.js";
import { Code } from "../../ui/text.js";
import { text } from "./texts.js";

type Checked = "good" | "warn" | "bad" | "asking";
interface Finding {
    name: "network" | "clock" | "storage" | "kept" | "camera" | "installed" | "sound";
    checked: Checked;
    more?: string;
}

const findings = signal<readonly Finding[]>([]);

/** More than this is worth a word: the order of two people's figures is told by their times. */
const wrongBy = 60_000;

/** What answers of the server said of the device's calendar. */
function clockFinding(): Finding {
    const { offset, within } = deviceClock.value;
    if (offset === null) return { name: "clock", checked: "warn", more: text("device.clock.unknown") };
    if (Math.abs(offset) - within < wrongBy) return { name: "clock", checked: "good" };
    return { name: "clock", checked: "bad", more: text(offset > 0 ? "device.clock.ahead" : "device.clock.behind", { time: span(offset) }) };
}

async function examine(): Promise<void> {
    const found: Finding[] = [];
    const tell = (finding: Finding): void => {
        found.push(finding);
        findings.value = [...found];
    };
    tell({ name: "network", checked: await fetch("/api/health", { signal: AbortSignal.timeout(5000) }).then((answer) => (answer.ok ? "good" : "warn"), () => "bad" as const) });
    tell(clockFinding());
    const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
    tell({ name: "storage", checked: quota === undefined || quota - (usage ?? 0) > 50_000_000 ? "good" : "bad", ...(quota === undefined || quota === 0 ? {} : { more: percent((usage ?? 0) / quota) }) });
    tell({ name: "kept", checked: (await navigator.storage?.persisted?.()) === true ? "good" : "warn" });
    const cameras = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
    tell({ name: "camera", checked: cameras.some((device) => device.kind === "videoinput") ? "good" : "warn" });
    tell({ name: "installed", checked: matchMedia("(display-mode: standalone)").matches ? "good" : "warn" });
    tell({ name: "sound", checked: preferences.value.sound ? "good" : "warn" });
}

const signs = { good: ["check", "tone-ok"], warn: ["warning", "tone-warn"], bad: ["stop", "tone-bad"], asking: ["clock", "tone-info"] } as const;

/** Before the shift: does this device do what counting needs? */
export function DevicePage() {
    const [code, setCode] = useState<string | null>(null);
    const [layout, setLayout] = useState<KeyLayout | "other" | null>(null);
    useEffect(() => void examine(), []);
    useScans((text_) => {
        const found = layoutOf(lastTyped());
        if (found !== null) prefer({ scannerKeys: found });
        setLayout(found ?? "other");
        setCode(found === null ? text_ : testCode);
        giveSignal("ok");
    });
    return (
        <Page title={text("device.title")} back={pathTo("/more")}>
            <div class="stack">
                <ul class="list" aria-live="polite">
                    {findings.value.map((finding) => (finding.name === "clock" ? clockFinding() : finding)).map(({ name, checked, more }) => (
                        <li key={name} class="list-row">
                            <span class={`sign ${signs[checked][1]}`}><Icon name={signs[checked][0]} /></span>
                            <span class="grow">
                                <strong>{text(`device.${name}`)}</strong>
                                <div class="small soft">{name === "clock" && checked === "warn" ? more : <>{text(`device.${name}.${checked === "good" ? "good" : "bad"}`)} {more}</>}</div>
                            </span>
                        </li>
                    ))}
                </ul>
                <section class="card stack-tight">
                    <h2>{text("device.scanner")}</h2>
                    <p class="soft">{text("device.scanner_text")}</p>
                    <output class="device-code">{code === null ? text("device.nothing_yet") : <Code>{code}</Code>}</output>
                    <p class="small soft">{text("device.layout_text")}</p>
                    <TestCode />
                    {layout !== null && (
                        <p class="small" role="status">
                            {text(`device.layout.${layout}`)}
                        </p>
                    )}
                </section>
                <Button icon="sound" onClick={() => { unlockSound(); giveSignal("ok"); }}>{text("device.try_sound")}</Button>
            </div>
        </Page>
    );
}

/** What tells a scanner's keyboard: the same on paper and on a screen, in both colour schemes. */
function TestCode() {
    const { width, bars } = testBars();
    return (
        <svg class="test-code" viewBox={`-10 0 ${width + 20} 48`} role="img" aria-label={testCode}>
            <rect x="-10" width={width + 20} height="48" fill="#fff" />
            {bars.map((bar) => (
                <rect key={bar.at} x={bar.at} y="4" width={bar.width} height="40" fill="#000" />
            ))}
        </svg>
    );
}
