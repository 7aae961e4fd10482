import type { Schema } from "@stockverify/client";
import { Chip } from "../../ui/surface.js";
import { text } from "./texts.js";

export const rackStates = ["available", "claimed", "paused", "completed"] as const;

const looks = { available: ["plain", "rack"], claimed: ["info", "lock"], paused: ["warn", "pause"], completed: ["ok", "check"] } as const;

export function RackState({ state }: { state: Schema<"AdminRack">["status"] }) {
    const [tone, icon] = looks[state];
    return <Chip tone={tone} icon={icon}>{text(`rack.${state}`)}</Chip>;
}
