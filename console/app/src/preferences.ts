import { signal } from "@preact/signals";
import type { KeyLayout } from "./scan/keys.js";

/** What a person chose on this device, beside language and colours. */
export interface Preferences {
    sound: boolean;
    vibration: boolean;
    speech: boolean;
    /** The camera that was used last. */
    camera: string | null;
    /** Whether the tour was seen or skipped. */
    toured: boolean;
    /** Who logs in by PIN here. */
    pins: readonly string[];
    /** Who does not want to be offered one. */
    noPins: readonly string[];
    /** Whose signs a scanner's keys are. */
    scannerKeys: KeyLayout;
}

const storageKey = "sv.preferences";
const usual: Preferences = { sound: true, vibration: true, speech: false, camera: null, toured: false, pins: [], noPins: [], scannerKeys: "device" };

function kept(): Preferences {
    try {
        return { ...usual, ...(JSON.parse(localStorage.getItem(storageKey) ?? "{}") as Partial<Preferences>) };
    } catch {
        return usual;
    }
}

export const preferences = signal<Preferences>(kept());

export function prefer(changes: Partial<Preferences>): void {
    preferences.value = { ...preferences.value, ...changes };
    localStorage.setItem(storageKey, JSON.stringify(preferences.value));
}

export const prefersPin = (username: string): boolean => preferences.value.pins.includes(username);

export function preferPin(username: string): void {
    if (!prefersPin(username)) prefer({ pins: [...preferences.value.pins, username] });
}
