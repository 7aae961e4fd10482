import { figure, number } from "../../i18n/format.js";
import { signed, signedMoney } from "../../office-format.js";
import type { ReviewPage } from "./kinds.js";
import { moneyLabel, Unit } from "./review-lines.js";
import { text } from "./texts.js";

/** What all lines come to: how many are undecided, what is missing and what is too much, in each unit by itself. */
export function ReviewSummary({ page }: { page: ReviewPage }) {
    const { summary } = page;
    const currency = page.currency ?? null;
    return (
        <dl class="tiles summary">
            <div class="card">
                <dt class="small soft">{text("summary.undecided")}</dt>
                <dd class="tile-value">{number(summary.undecided)}</dd>
                <dd class="small soft">{text("summary.of_lines", { n: summary.lines })}</dd>
            </div>
            <div class="card">
                <dt class="small soft">{text("summary.net")}</dt>
                <dd class="tile-value">{signedMoney(summary.net.value, currency)}</dd>
                <Quantities sums={summary.net.quantities.map(({ uom, quantity }) => [uom, signed(quantity ?? 0)])} />
            </div>
            <div class="card">
                <dt class="small soft">{text("summary.gross")}</dt>
                <dd class="tile-value">{moneyLabel(summary.gross.value, currency)}</dd>
                <Quantities sums={summary.gross.quantities.map(({ uom, quantity }) => [uom, figure(quantity)])} />
            </div>
        </dl>
    );
}

/** Sums of each unit, none of which is added to another's. */
export function Quantities({ sums }: { sums: readonly (readonly [uom: string | null | undefined, told: string])[] }) {
    return (
        <dd class="small soft summary-units">
            {sums.map(([uom, told]) => (
                <span key={uom ?? ""}>
                    {told} <Unit uom={uom} />
                </span>
            ))}
        </dd>
    );
}
