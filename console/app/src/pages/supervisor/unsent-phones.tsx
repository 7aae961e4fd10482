import { dateTime } from "../../i18n/format.js";
import { Banner } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import type { ReviewPage } from "./kinds.js";
import { text } from "./texts.js";

/** What phones said that they still have: it bars nothing, but whoever approves knows that more may come. */
export function UnsentPhones({ phones, approved = false }: { phones: ReviewPage["unsent"]; approved?: boolean }) {
    if (phones.length === 0) return null;
    const n = phones.reduce((sum, { left }) => sum + left, 0);
    return (
        <Banner tone={approved ? "info" : "warn"} icon="upload" title={text(approved ? "unsent.title_approved" : "unsent.title", { n })}>
            <p>{text(approved ? "unsent.text_approved" : "unsent.text")}</p>
            <ul class="unsent-phones">
                {phones.map(({ user_id, full_name, racks, left, left_at }) => (
                    <li key={user_id}>
                        <strong><Data>{full_name ?? user_id}</Data></strong> {text("unsent.left", { n: left })} · <time translate={false}>{dateTime(left_at)}</time>
                        {racks.map((rack) => <span key={rack}> · <Code>{rack}</Code></span>)}
                    </li>
                ))}
            </ul>
        </Banner>
    );
}
