import { addQuantities, type Quantity, readQuantity } from "@stockverify/client";

/** What of an entry stands beside its quantity, as it was typed. */
export interface BesideQuantity {
    damage: string;
    lost: string;
    isMore?: boolean;
}

/** A figure as it would be saved: sound pieces, and beside them what is damaged. `damaged` and `lost`: `null` where nothing is said. */
export interface EnteredFigure {
    sound: Quantity;
    damaged: Quantity | null;
    lost: Quantity | null;
}

/** What stands beside the quantity; `undefined`: it is no number. */
export function side(entry: string): Quantity | null | undefined {
    const read = readQuantity(entry);
    return "quantity" in read ? read.quantity : read.fault === "empty" ? null : undefined;
}

/** `pieces`: the quantity of the entry in the item's own unit; `before`: what is counted already. */
export function figureOf({ damage, lost: gone, isMore }: BesideQuantity, pieces: Quantity, before: Quantity | null): EnteredFigure | null {
    const sound = isMore === true && before !== null ? addQuantities(before, pieces) : pieces;
    const damaged = side(damage);
    const lost = side(gone);
    return sound === undefined || damaged === undefined || lost === undefined ? null : { sound, damaged, lost };
}

/** More is damaged than sound: unless the operator allows that, the server refuses it, perhaps hours later. */
export const isDamageTooMuch = ({ sound, damaged }: EnteredFigure, isBound: boolean): boolean => isBound && damaged !== null && damaged > sound;
