import type { CountLine, Record } from "./api.js";

/** What one phone has and the server has not, for a supervisor: each record becomes a conflict for a person. */
export interface RescueFile {
    format: "stockverify-unsent";
    version: 1;
    exported_at: string;
    app?: string;
    user: { user_id: string; username: string };
    device_id?: string;
    records: Record[];
    unknown_items: UnsentUnknownItem[];
    count_lines: UnsentLine[];
}

export interface UnsentUnknownItem {
    unknown_item_id: string;
    code?: string;
    name?: string;
    remark?: string;
    photos?: string[];
    session_id?: string;
    rack_id?: string;
    found_at: string;
}

export type UnsentLine = CountLine & { session_id: string };
