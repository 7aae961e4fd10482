/** Between the parts of a key: no code, id or session may have a control character in it. */
const separator = "\u001f";

export const joined = (...parts: readonly string[]): string => parts.join(separator);

/** What every key begins with whose first parts are these. */
export const beginning = (...parts: readonly string[]): string => joined(...parts) + separator;

/** Rows of an outbox that wait to be sent, and those that a person must look at. */
export const waiting = beginning("1");
export const setAside = beginning("2");

/** A place in an outbox; numbers sort as they count. */
export const outboxKey = (shelf: typeof waiting, order: number, id: string): string => shelf + joined(String(order).padStart(14, "0"), id);

/** The same place on the other shelf. */
export const moved = (key: string, shelf: typeof waiting): string => shelf + key.slice(waiting.length);
