import type { ComponentChildren } from "preact";
import { money, signed, signedMoney, signedPercent } from "../../office-format.js";
import { figure } from "../../i18n/format.js";
import { Chip } from "../../ui/surface.js";
import type { Column } from "../../ui/table.js";
import { Code, Data } from "../../ui/text.js";
import { percentOf } from "./accepting.js";
import { lineSigns, type ReviewLine } from "./kinds.js";
import { text } from "./texts.js";

export function LineState({ line }: { line: ReviewLine }) {
    return <Chip {...lineSigns[line.state]}>{text(`line.state.${line.state}`)}</Chip>;
}

/** What of a line asks for a person, or says why its figure is as it is. */
export function LineFlags({ line }: { line: ReviewLine }) {
    const conflicts = line.conflicts ?? 0;
    return (
        <span class="flags">
            {conflicts > 0 && <Chip tone="bad" icon="conflict">{text("line.conflicts", { n: conflicts })}</Chip>}
            {line.flags.map((flag) => <Chip key={flag} tone={flag === "delisted" || flag === "superseded" ? "plain" : "warn"} icon="flag">{text(`line.flag.${flag}`)}</Chip>)}
        </span>
    );
}

/** An item as a table's cell has it: its code, and how it is called. */
export function ItemCell({ code, name, lot, children }: { code: string; name: string | null | undefined; lot: string; children?: ComponentChildren }) {
    return (
        <>
            <strong><Code>{code}</Code></strong>
            {lot !== "" && <span class="small soft"> {text("line.lot", { lot })}</span>}
            {children}
            <div class="small soft clip">{name === null || name === undefined ? text("line.no_name") : <Data>{name}</Data>}</div>
        </>
    );
}

export function Variance({ line }: { line: Pick<ReviewLine, "variance" | "uom"> }) {
    if (line.variance === null) return <span class="soft">{text("line.no_variance")}</span>;
    return (
        <strong class={line.variance === 0 ? "" : line.variance < 0 ? "is-short" : "is-over"}>
            {signed(line.variance)} <Unit uom={line.uom} />
        </strong>
    );
}

export const Unit = ({ uom }: { uom: string | null | undefined }) => (uom === null || uom === undefined ? null : <small class="soft"><Data>{uom}</Data></small>);

export function reviewColumns(currency: string | null): readonly Column<ReviewLine>[] {
    return [
        { key: "item_code", title: text("line.item"), width: "minmax(20ch, 2fr)", sortable: true, cell: (line) => <ItemCell code={line.item_code} name={line.item_name} lot={line.lot} /> },
        { key: "state", title: text("line.state"), width: "minmax(max-content, 1fr)", cell: (line) => <LineState line={line} /> },
        { key: "book", title: text("line.book"), width: "minmax(8ch, max-content)", align: "end", cell: (line) => <>{figure(line.book)} <Unit uom={line.uom} /></> },
        { key: "counted", title: text("line.counted"), width: "minmax(8ch, max-content)", align: "end", cell: (line) => <>{figure(line.counted)} <Unit uom={line.uom} /></> },
        { key: "variance", title: text("line.variance"), width: "minmax(11ch, max-content)", align: "end", sortable: true, cell: (line) => <Variance line={line} /> },
        { key: "percent", title: text("line.percent"), width: "minmax(8ch, max-content)", align: "end", cell: (line) => signedPercent(percentOf(line)) },
        { key: "value", title: text("line.value"), width: "minmax(10ch, max-content)", align: "end", sortable: true, cell: (line) => (line.value === null ? "–" : signedMoney(line.value, currency)) },
        { key: "flags", title: text("line.flags"), width: "minmax(max-content, 1fr)", cell: (line) => <LineFlags line={line} /> },
    ];
}

export const moneyLabel = (value: number | null | undefined, currency: string | null): string => (value === null || value === undefined ? "–" : money(value, currency));
