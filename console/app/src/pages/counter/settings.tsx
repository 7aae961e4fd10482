import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { percent } from "../../i18n/format.js";
import { shellText } from "../../i18n/shell.js";
import { pathTo } from "../../paths.js";
import { prefer, preferences, preferPin } from "../../preferences.js";
import { giveSignal, unlockSound } from "../../scan/feedback.js";
import { useScans } from "../../scan/scanner.js";
import { auth, client, currentUser } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Check, TextField } from "../../ui/field.js";
import { Icon } from "../../ui/icon.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Code } from "../../ui/text.js";
import { LanguageChoice, ThemeChoice } from "../common/preferences.js";
import { text } from "./texts.js";

export function SettingsPage() {
    const { sound, vibration, speech } = preferences.value;
    return (
        <Page title={text("settings.title")} back={pathTo("/more")}>
            <div class="stack">
                <section class="card stack">
                    <h2>{text("settings.look")}</h2>
                    <LanguageChoice />
                    <ThemeChoice />
                </section>
                <section class="card">
                    <h2>{text("settings.feel")}</h2>
                    <Check label={text("settings.sound")} checked={sound} onChange={(value) => { prefer({ sound: value }); unlockSound(); giveSignal("ok"); }} />
                    <Check label={text("settings.vibration")} checked={vibration} onChange={(value) => { prefer({ vibration: value }); giveSignal("ok"); }} />
                    <Check label={text("settings.speech")} hint={text("settings.speech_hint")} checked={speech} onChange={(value) => prefer({ speech: value })} />
                </section>
                <PinSetting />
            </div>
        </Page>
    );
}

function PinSetting() {
    const [password, setPassword] = useState("");
    const [pin, setPin] = useState("");
    const [fault, setFault] = useState<string>();
    const save = async (): Promise<void> => {
        setFault(undefined);
        if (!/^[0-9]{4,12}$/.test(pin)) return setFault(text("settings.pin_rule"));
        try {
            await client.setPin(password, pin);
            const user = currentUser();
            if (user !== null) preferPin(user.username);
            setPassword("");
            setPin("");
            notify({ tone: "ok", text: text("settings.pin_set") });
        } catch (reason) {
            setFault(faultText(reason));
        }
    };
    const state = auth.value;
    return (
        <form class="card stack" onSubmit={(event) => { event.preventDefault(); void save(); }}>
            <h2>{text("settings.pin")}</h2>
            <p class="small soft">{text("settings.pin_text")}</p>
            <input type="text" name="username" autocomplete="username" hidden readOnly value={state.state === "logged_in" ? state.user.username : ""} />
            <TextField label={shellText("login.password")} type="password" autocomplete="current-password" value={password} onInput={setPassword} code />
            <TextField label={text("settings.pin_new")} type="password" inputMode="numeric" autocomplete="new-password" maxLength={12} value={pin} onInput={setPin} fault={fault} code />
            <Button type="submit" disabled={password === "" || pin === "" || state.state !== "logged_in"}>{text("settings.pin_save")}</Button>
        </form>
    );
}

type Checked = "good" | "warn" | "bad" | "asking";
interface Finding {
    name: "network" | "storage" | "kept" | "camera" | "installed" | "sound";
    checked: Checked;
    more?: string;
}

const findings = signal<readonly Finding[]>([]);

async function examine(): Promise<void> {
    const found: Finding[] = [];
    const tell = (finding: Finding): void => {
        found.push(finding);
        findings.value = [...found];
    };
    tell({ name: "network", checked: await fetch("/api/health", { signal: AbortSignal.timeout(5000) }).then((answer) => (answer.ok ? "good" : "warn"), () => "bad" as const) });
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
    useEffect(() => void examine(), []);
    useScans((text_) => {
        setCode(text_);
        giveSignal("ok");
    });
    return (
        <Page title={text("device.title")} back={pathTo("/more")}>
            <div class="stack">
                <ul class="list" aria-live="polite">
                    {findings.value.map(({ name, checked, more }) => (
                        <li key={name} class="list-row">
                            <span class={`sign ${signs[checked][1]}`}><Icon name={signs[checked][0]} /></span>
                            <span class="grow">
                                <strong>{text(`device.${name}`)}</strong>
                                <div class="small soft">{text(`device.${name}.${checked === "good" ? "good" : "bad"}`)} {more}</div>
                            </span>
                        </li>
                    ))}
                </ul>
                <section class="card stack-tight">
                    <h2>{text("device.scanner")}</h2>
                    <p class="soft">{text("device.scanner_text")}</p>
                    <output class="device-code">{code === null ? text("device.nothing_yet") : <Code>{code}</Code>}</output>
                </section>
                <Button icon="sound" onClick={() => { unlockSound(); giveSignal("ok"); }}>{text("device.try_sound")}</Button>
            </div>
        </Page>
    );
}
