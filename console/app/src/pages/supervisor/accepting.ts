import { type Client, Refused } from "@stockverify/client";
import type { ReviewLine } from "./kinds.js";

/** What became of a line that was to be accepted; `code`: why it was not. */
export interface AcceptVerdict {
    line: ReviewLine;
    code: string | null;
}

/** Why lines are not accepted, of those that a supervisor meets and a text stands for. */
export const acceptFaults = ["line_changed", "own_count", "over_limit", "line_undecided", "session_closed"] as const;
export type AcceptFault = (typeof acceptFaults)[number];

export const acceptFault = (code: string): AcceptFault | null => acceptFaults.find((each) => each === code) ?? null;

/** Lines in one request. */
const most = 200;

/** Accepts lines as they were seen, each by its version. Throws what is wrong with more than a line. */
export async function acceptLines(client: Pick<Client, "call">, countId: string, lines: readonly ReviewLine[], onProgress?: (done: number) => void): Promise<AcceptVerdict[]> {
    const verdicts: AcceptVerdict[] = [];
    for (let from = 0; from < lines.length; from += most) {
        const some = lines.slice(from, from + most);
        verdicts.push(...(await acceptSome(client, countId, some)));
        onProgress?.(verdicts.length);
    }
    return verdicts;
}

async function acceptSome(client: Pick<Client, "call">, countId: string, lines: readonly ReviewLine[]): Promise<AcceptVerdict[]> {
    try {
        const answer = await client.call("post", "/api/sessions/{id}/review/accept", {
            path: { id: countId },
            body: { lines: lines.map(({ item_code, lot, version }) => ({ item_code, lot, version })) },
        });
        return lines.map((line, index) => ({ line, code: answer.lines[index]?.success === true ? null : (answer.lines[index]?.code ?? "") }));
    } catch (fault) {
        if (!(fault instanceof Refused) || acceptFault(fault.code) === null) throw fault;
        // None was accepted: the details say of each why.
        return lines.map((line, index) => ({ line, code: fault.details.find((detail) => detail.field === `lines[${index}]`)?.code ?? fault.code }));
    }
}

/** How large a difference may be that is accepted unseen: each limit that is given holds. */
export interface Threshold {
    percent: number | null;
    quantity: number | null;
    value: number | null;
}

/** Share of the book that a line differs by, in percent; `null` where there is no variance or no book to compare with. */
export function percentOf(line: Pick<ReviewLine, "variance" | "book">): number | null {
    if (line.variance === null || line.book === null) return null;
    if (line.variance === 0) return 0;
    return line.book === 0 ? null : (line.variance / Math.abs(line.book)) * 100;
}

/** Whether a line waits for nothing but somebody's word and differs by no more than the limits. What a limit cannot judge is above it. */
export function isBelow(line: ReviewLine, limits: Threshold): boolean {
    if (!line.undecided || (line.conflicts ?? 0) > 0 || line.flags.includes("unknown") || line.variance === null) return false;
    if (line.state !== "counted" && line.state !== "recounted" && line.state !== "not_recounted") return false;
    const isWithin = (size: number | null, limit: number | null): boolean => limit === null || (size !== null && Math.abs(size) <= limit);
    return isWithin(percentOf(line), limits.percent) && isWithin(line.variance, limits.quantity) && isWithin(line.value, limits.value);
}

/** What lines come to together: how much by unit, without regard to the sign, and what in money. */
export interface Worth {
    quantities: readonly { uom: string | null; quantity: number }[];
    net: number;
    gross: number;
    /** Lines that have no value: nobody knows what one piece costs. */
    unvalued: number;
}

/** Sums are of millionths, as quantities are: 0.1 and 0.2 make 0.3. */
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + Math.round(value * 1e6), 0) / 1e6;

export function worthOf(lines: readonly Pick<ReviewLine, "uom" | "variance" | "value">[]): Worth {
    const units = new Map<string | null, number[]>();
    for (const { uom = null, variance } of lines) units.set(uom, [...(units.get(uom) ?? []), Math.abs(variance ?? 0)]);
    const values = lines.flatMap(({ value }) => (value === null ? [] : [value]));
    return {
        quantities: [...units].map(([uom, found]) => ({ uom, quantity: sumOf(found) })),
        net: sumOf(values),
        gross: sumOf(values.map(Math.abs)),
        unvalued: lines.length - values.length,
    };
}
