import type { Schema } from "@stockverify/client";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { number } from "../../i18n/format.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Field, TextArea, TextField } from "../../ui/field.js";
import { Tile } from "../../ui/tiles.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Banner, Chip } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Code, Data } from "../../ui/text.js";
import { isTooLarge, isWorkbook, readText } from "./read-file.js";
import { text } from "./texts.js";

type Import = Schema<"RackImport">;

const example = "rack_id,warehouse,floor,zone,estimated_items\nG-01,Main,Ground,A,40\nG-02,Main,Ground,A,25\n";

/** Racks from a file: looked at first, written when it is what was meant. */
export function RackImportPage() {
    const [csv, setCsv] = useState("");
    const [warehouse, setWarehouse] = useState("");
    const [fault, setFault] = useState<string>();
    const [answer, setAnswer] = useState<Import | null>(null);
    const change = (value: string): void => {
        setCsv(value);
        setAnswer(null);
        setFault(isTooLarge(value) ? text("import.too_large") : undefined);
    };
    const choose = async (file: File | undefined): Promise<void> => {
        if (file === undefined) return;
        if (await isWorkbook(file)) {
            change("");
            setFault(text("import.workbook"));
        } else change(await readText(file));
    };
    const send = async (dry_run: boolean): Promise<void> => {
        setFault(undefined);
        try {
            setAnswer(await client.call("post", "/api/admin/racks/import", { body: { csv, dry_run, ...(warehouse.trim() === "" ? {} : { warehouse: warehouse.trim() }) } }));
            if (!dry_run) notify({ tone: "ok", text: text("import.done") });
        } catch (reason) {
            setFault(faultText(reason));
        }
    };
    return (
        <Page title={text("import.title")} back={pathTo("/admin/racks")}>
            <div class="stack">
                <section class="card stack">
                    <p>{text("import.text")}</p>
                    <details class="small">
                        <summary>{text("import.columns")}</summary>
                        <p>{text("import.columns_text")}</p>
                        <pre class="sample" translate={false} dir="ltr">{example}</pre>
                        <Button kind="soft" onClick={() => change(example)}>{text("import.example")}</Button>
                    </details>
                    <Field label={text("import.file")}>
                        {(ids) => <input {...ids} class="input" type="file" accept=".csv,.txt,.tsv,text/csv,text/plain" onChange={(event) => void choose(event.currentTarget.files?.[0])} />}
                    </Field>
                    <TextArea label={text("import.lines")} value={csv} onInput={change} fault={fault} />
                    <TextField label={text("import.warehouse")} hint={text("import.warehouse_hint")} value={warehouse} onInput={(value) => { setWarehouse(value); setAnswer(null); }} maxLength={64} autocomplete="off" />
                    <Button kind={answer?.dry_run === true ? "default" : "primary"} icon="search" disabled={csv.trim() === "" || isTooLarge(csv)} onClick={() => send(true)}>{text("import.check")}</Button>
                </section>
                {answer !== null && <Outcome answer={answer} onImport={() => send(false)} />}
            </div>
        </Page>
    );
}

function Outcome({ answer, onImport }: { answer: Import; onImport: () => Promise<void> }) {
    const toWrite = answer.created + answer.changed;
    const tiles = ["created", "changed", "unchanged", "refused"] as const;
    return (
        <section class="stack" aria-live="polite">
            <h2>{answer.dry_run ? text("import.would") : text("import.did")}</h2>
            <div class="tiles">
                {tiles.map((name) => <Tile key={name} label={text(`import.${name}`)} value={<span translate={false}>{number(answer[name])}</span>} />)}
            </div>
            {answer.errors.length > 0 && (
                <section class="stack-tight">
                    <Banner tone="warn" title={text("import.refused_lines", { n: answer.refused })}>{text("import.refused_text")}</Banner>
                    <Table label={text("import.refused")} rows={answer.errors} columns={errorColumns()} keyOf={(error) => `${error.line} ${error.column ?? ""} ${error.message}`} />
                    {answer.refused > answer.errors.length && <p class="small soft">{text("import.first", { n: answer.errors.length })}</p>}
                </section>
            )}
            {answer.dry_run && (
                <>
                    {answer.plan.length > 0 && (
                        <section class="stack-tight">
                            <h3>{text("import.plan")}</h3>
                            <Table label={text("import.plan")} rows={answer.plan} columns={planColumns()} keyOf={(row) => String(row.line)} />
                        </section>
                    )}
                    <Button kind="primary" size="large" icon="upload" disabled={toWrite === 0} onClick={onImport}>
                        {toWrite === 0 ? text("import.nothing") : text("import.write", { n: toWrite })}
                    </Button>
                </>
            )}
            {!answer.dry_run && (
                <div class="row">
                    <Button kind="primary" icon="rack" href={pathTo("/admin/racks")}>{text("import.to_racks")}</Button>
                    <Button icon="print" href={pathTo("/admin/racks/labels")}>{text("racks.labels")}</Button>
                </div>
            )}
        </section>
    );
}

const lineColumn = { key: "line", title: "", width: "minmax(8ch, max-content)" } as const;

const errorColumns = (): readonly Column<Import["errors"][number]>[] => [
    { ...lineColumn, title: text("import.line"), cell: (error) => <strong translate={false}>{number(error.line)}</strong> },
    { key: "column", title: text("import.column"), width: "minmax(14ch, max-content)", cell: (error) => (error.column === null ? text("import.whole") : <Code>{error.column}</Code>) },
    { key: "message", title: text("import.reason"), width: "minmax(30ch, 1fr)", cell: (error) => <Data class="wrap">{error.message}</Data> },
];

const planColumns = (): readonly Column<Import["plan"][number]>[] => [
    { ...lineColumn, title: text("import.line"), cell: (row) => <span translate={false}>{number(row.line)}</span> },
    { key: "rack", title: text("rack.id"), width: "minmax(14ch, 1fr)", cell: (row) => <Code>{row.rack_id}</Code> },
    { key: "what", title: text("import.what"), width: "minmax(16ch, 1fr)", cell: (row) => (row.new ? <Chip tone="ok" icon="plus">{text("import.new")}</Chip> : row.changes === null ? <Chip>{text("import.same")}</Chip> : <span class="row"><Chip tone="info" icon="edit">{text("import.change")}</Chip><Code>{row.changes}</Code></span>) },
];
