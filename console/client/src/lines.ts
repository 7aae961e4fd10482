import type { CountLine, Record } from "./api.js";
import type { Shelf } from "./outbox.js";
import type { Platform } from "./platform.js";
import { toNumber } from "./quantity.js";
import type { NewLine } from "./record.js";
import type { Change } from "./store/store.js";

export interface LineRow {
    v: 1;
    session_id: string;
    line: CountLine;
}

/** Scans behind figures: written with the figure, or not at all. */
export class Lines {
    constructor(
        private readonly platform: Platform,
        readonly shelf: Shelf<LineRow>,
    ) {}

    rows(record: Record, lines: readonly NewLine[]): Change[] {
        return lines.map(({ quantity, ...rest }) => {
            const line: CountLine = {
                ...rest,
                line_id: this.platform.uuid(),
                client_record_id: record.client_record_id,
                created_at: new Date(this.platform.wall()).toISOString(),
            };
            if (quantity !== undefined) line.quantity = quantity === null ? null : toNumber(quantity);
            return this.shelf.row(line.line_id, { v: 1, session_id: record.session_id, line });
        });
    }
}
