import type { Holder } from "@stockverify/client";
import { text } from "./texts.js";

export const heldBy = (holder: Pick<Holder, "full_name" | "user_id">): string => text("racks.held_by", { name: holder.full_name ?? holder.user_id });
