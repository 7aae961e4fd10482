import { Refused } from "@stockverify/client";

/** What the server found wrong with a form, by its fields; `null` where it was something else. */
export function fieldFaults(fault: unknown): { readonly [field: string]: string } | null {
    if (!(fault instanceof Refused) || fault.details.length === 0) return null;
    return Object.fromEntries(fault.details.map(({ field, message }) => [field, message]));
}
