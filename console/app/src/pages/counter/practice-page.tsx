import { pathTo } from "../../paths.js";
import { unlockSound } from "../../scan/feedback.js";
import { Button } from "../../ui/button.js";
import { Page } from "../../ui/page.js";
import { Code, Data } from "../../ui/text.js";
import { ean13Stripes } from "./ean13.js";
import { practiceItems, practiceRack } from "./practice.js";
import { text } from "./texts.js";

/** Counting without consequence: codes to print or to scan from another screen. */
export function PracticePage() {
    return (
        <Page title={text("practice.title")} back={pathTo("/more")}>
            <div class="stack">
                <p class="no-print">{text("practice.text")}</p>
                <div class="row no-print">
                    <Button kind="primary" size="large" icon="scan" href={pathTo("/count", practiceRack.session_id)} onClick={unlockSound}>{text("practice.start")}</Button>
                    <Button icon="print" onClick={() => print()}>{text("practice.print")}</Button>
                </div>
                <ul class="labels">
                    {practiceItems.map((item) => (
                        <li key={item.item_code} class="card label-card">
                            <strong><Data>{item.item_name}</Data></strong>
                            <svg viewBox="-9 0 113 50" role="img" aria-label={item.barcodes[0]}>
                                <rect x="-9" width="113" height="50" fill="#fff" />
                                {ean13Stripes(item.barcodes[0] ?? "").map(({ at, width }) => <rect key={at} x={at} y="4" width={width} height="42" fill="#000" />)}
                            </svg>
                            <Code>{item.barcodes[0]}</Code>
                        </li>
                    ))}
                </ul>
            </div>
        </Page>
    );
}
