import { Refused } from "@stockverify/client";
import { text } from "./texts.js";

/** What the server found wrong with a form, by its fields (`name`: the one that must not be there twice); `null` where it was something else. */
export function fieldFaults(fault: unknown, name?: string): { readonly [field: string]: string } | null {
    if (!(fault instanceof Refused)) return null;
    if (fault.code === "already_exists" && name !== undefined) return { [name]: text("taken") };
    return fault.details.length === 0 ? null : Object.fromEntries(fault.details.map(({ field, message }) => [field, message]));
}
