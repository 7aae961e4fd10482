import { preferences } from "../preferences.js";

/** What a person hears and feels without looking. */
export type Signal = "ok" | "error" | "repeat" | "unknown" | "undone";

/** Pitch in Hz and length in milliseconds of each tone: short, and told apart in noise. */
const tones: { [S in Signal]: readonly (readonly [number, number])[] } = {
    ok: [[1760, 70]],
    repeat: [[880, 60], [880, 60]],
    unknown: [[660, 110], [990, 110]],
    undone: [[1320, 70], [880, 90]],
    error: [[220, 180], [165, 260]],
};

const buzzes: { [S in Signal]: number[] } = { ok: [30], repeat: [30, 50, 30], unknown: [60, 40, 60], undone: [60], error: [200, 80, 200] };

let context: AudioContext | undefined;

/** Browsers are silent until a tap: the tap that starts counting calls this. */
export function unlockSound(): void {
    context ??= new AudioContext();
    void context.resume().catch(() => undefined);
}

function play(signal: Signal): void {
    if (context === undefined || context.state !== "running") return;
    let at = context.currentTime;
    for (const [pitch, length] of tones[signal]) {
        const tone = context.createOscillator();
        const volume = context.createGain();
        tone.type = signal === "error" ? "square" : "sine";
        tone.frequency.value = pitch;
        volume.gain.setValueAtTime(0.25, at);
        volume.gain.exponentialRampToValueAtTime(0.001, at + length / 1000);
        tone.connect(volume).connect(context.destination);
        tone.start(at);
        tone.stop(at + length / 1000);
        at += length / 1000 + 0.03;
    }
}

export function giveSignal(signal: Signal): void {
    const { sound, vibration } = preferences.value;
    if (sound) play(signal);
    if (vibration) navigator.vibrate?.(buzzes[signal]);
}

/** Says a quantity aloud, for eyes that are on the shelf. */
export function speak(text: string, language: string): void {
    if (!preferences.value.speech || !("speechSynthesis" in globalThis)) return;
    const words = new SpeechSynthesisUtterance(text);
    words.lang = language;
    speechSynthesis.cancel();
    speechSynthesis.speak(words);
}
