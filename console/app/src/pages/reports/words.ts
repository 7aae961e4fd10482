import type { Schema } from "@stockverify/client";
import { number } from "../../i18n/format.js";
import type { IconName } from "../../ui/icon.js";
import { text } from "./texts.js";

const sizes = ["bytes", "kilobytes", "megabytes", "gigabytes"] as const;

export function bytesText(bytes: number): string {
    const power = Math.min(sizes.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
    const value = bytes / 1000 ** power;
    return text(`size.${sizes[power] ?? "bytes"}`, { size: number(value < 10 && power > 0 ? Math.round(value * 10) / 10 : Math.round(value)) });
}

const actions = {
    "rack.claim": "lock",
    "rack.release": "undo",
    "rack.pause": "pause",
    "rack.resume": "play",
    "rack.complete": "check",
    "rack.empty": "box",
    "session.interrupt": "stop",
    "count.open": "plus",
    "count.reconcile": "search",
    "count.approve": "check",
    "count.close": "lock",
    "count.assign": "users",
    "review.accept": "check",
    "recount.ask": "sync",
    "recount.withdraw": "undo",
    "conflict.resolve": "conflict",
    "sync.batch": "upload",
    "sync.rescue": "upload",
} as const satisfies { readonly [action: string]: IconName };

type Action = keyof typeof actions;
const isAction = (action: string): action is Action => action in actions;

/** What somebody did, as the audit trail calls it. */
export const actionText = (action: string): string => (isAction(action) ? text(`action.${action}`) : text("action.other", { action }));
export const actionIcon = (action: string): IconName => (isAction(action) ? actions[action] : "info");

const alertIcons: { readonly [R in Schema<"Alert">["rule"]]: IconName } = {
    rack_idle: "clock",
    impossible_speed: "warning",
    two_devices: "users",
    repeated_zero: "minus",
    conflicts_growing: "conflict",
};

export const alertIcon = (alert: Schema<"Alert">): IconName => alertIcons[alert.rule];

export function alertText(alert: Schema<"Alert">): string {
    const name = alert.full_name ?? alert.user_id ?? "";
    const rack = alert.rack_id ?? "";
    switch (alert.rule) {
        case "rack_idle":
            return text("alert.rack_idle", { name, rack, minutes: Math.floor(alert.value / 60) });
        case "impossible_speed":
            return text("alert.impossible_speed", { name, value: alert.value });
        case "two_devices":
            return text("alert.two_devices", { name, value: alert.value });
        case "repeated_zero":
            return text("alert.repeated_zero", { name, value: alert.value });
        case "conflicts_growing":
            return text("alert.conflicts_growing", { value: alert.value });
    }
}
