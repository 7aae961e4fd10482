import { number } from "../../i18n/format.js";
import type { ReviewPage } from "./kinds.js";
import { moneyLabel, Unit } from "./review-lines.js";
import { signed, signedMoney } from "./signed.js";
import { text } from "./texts.js";
import { figure } from "../../i18n/format.js";

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
                <Quantities sums={summary.net.quantities} sign />
            </div>
            <div class="card">
                <dt class="small soft">{text("summary.gross")}</dt>
                <dd class="tile-value">{moneyLabel(summary.gross.value, currency)}</dd>
                <Quantities sums={summary.gross.quantities} />
            </div>
        </dl>
    );
}

function Quantities({ sums, sign = false }: { sums: ReviewPage["summary"]["net"]["quantities"]; sign?: boolean }) {
    return (
        <>
            {sums.map((sum) => (
                <dd key={sum.uom ?? ""} class="small soft">
                    {sign ? signed(sum.quantity ?? 0) : figure(sum.quantity)} <Unit uom={sum.uom} />
                </dd>
            ))}
        </>
    );
}
