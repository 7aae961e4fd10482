import { signal } from "@preact/signals";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const storageKey = "sv.theme";
const kept = localStorage.getItem(storageKey);

export const theme = signal<Theme>(themes.find((name) => name === kept) ?? "system");

export function setTheme(chosen: Theme): void {
    localStorage.setItem(storageKey, chosen);
    theme.value = chosen;
    applyTheme();
}

export function applyTheme(): void {
    if (theme.value === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme.value;
}
