/** What was entered on an item's page and not saved: kept when a scan or a tap leads elsewhere, and over a reload. */
export interface Draft {
    quantity: string;
    /** A pack's unit; "": the item's own. */
    unit: string;
    damage: string;
    lost: string;
    lot: string;
    mfg: string;
    expiry: string;
    condition: string;
    serials: string[];
    damageReason: string;
    varianceReason: string;
    remark: string;
    photos: string[];
}

const prefix = "sv.draft ";

export const draftKey = (sessionId: string, itemCode: string, lot: string | null): string => `${sessionId} ${itemCode} ${lot ?? ""}`;

export function draftOf(key: string): Draft | undefined {
    const kept = sessionStorage.getItem(prefix + key);
    return kept === null ? undefined : (JSON.parse(kept) as Draft);
}

export const keepDraft = (key: string, draft: Draft): void => sessionStorage.setItem(prefix + key, JSON.stringify(draft));
export const dropDraft = (key: string): void => sessionStorage.removeItem(prefix + key);
