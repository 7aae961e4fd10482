import { pathTo } from "../../paths.js";
import { prefer, preferences } from "../../preferences.js";
import { giveSignal, unlockSound } from "../../scan/feedback.js";
import { Check } from "../../ui/field.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { LanguageChoice, ThemeChoice } from "../common/preferences.js";
import { PinForm } from "./pin-form.js";
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
                <section class="card stack-tight">
                    <h2>{text("device.scanner")}</h2>
                    <Segments
                        label={text("scanner.keys")}
                        value={preferences.value.scannerKeys}
                        options={(["device", "american"] as const).map((value) => ({ value, label: text(`scanner.keys.${value}`) }))}
                        onChange={(scannerKeys) => prefer({ scannerKeys })}
                    />
                    <p class="small soft">{text("scanner.keys_hint")}</p>
                </section>
                <section class="card stack">
                    <h2>{text("settings.pin")}</h2>
                    <p class="small soft">{text("settings.pin_text")}</p>
                    <PinForm />
                </section>
            </div>
        </Page>
    );
}
