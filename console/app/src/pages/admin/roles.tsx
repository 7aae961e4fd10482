import type { Role } from "../../session.js";
import { Chip } from "../../ui/surface.js";
import { text } from "./texts.js";

export const roles = ["staff", "supervisor", "admin"] as const satisfies readonly Role[];

const icons = { staff: "scan", supervisor: "chart", admin: "shield" } as const;

export function RoleName({ role }: { role: Role }) {
    return (
        <Chip tone={role === "staff" ? "plain" : "accent"} icon={icons[role]}>
            {text(`role.${role}`)}
        </Chip>
    );
}
