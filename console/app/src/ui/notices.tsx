import { signal } from "@preact/signals";
import { shellText } from "../i18n/shell.js";
import { Button } from "./button.js";
import { Icon } from "./icon.js";

export interface Notice {
    text: string;
    tone?: "ok" | "bad" | "info";
    action?: { label: string; run: () => unknown };
    /** Milliseconds; those with an action and bad ones stay until they are closed. */
    stays?: number;
}

const shown = signal<readonly (Notice & { id: number })[]>([]);
let last = 0;

function close(id: number): void {
    shown.value = shown.value.filter((notice) => notice.id !== id);
}

/** Tells something that needs no answer. At most three at a time: the oldest gives way. */
export function notify(notice: Notice): void {
    const id = ++last;
    shown.value = [...shown.value.slice(-2), { ...notice, id }];
    const stays = notice.stays ?? (notice.tone === "bad" || notice.action !== undefined ? 0 : 4000);
    if (stays > 0) setTimeout(() => close(id), stays);
}

export function Notices() {
    return (
        <div class="notices" role="region" aria-label={shellText("notices")}>
            <div aria-live="polite" class="stack-tight">
                {shown.value.map((notice) => (
                    <div key={notice.id} class="notice">
                        <Icon name={notice.tone === "bad" ? "warning" : notice.tone === "ok" ? "check" : "info"} />
                        <span class="grow">{notice.text}</span>
                        {notice.action !== undefined && (
                            <Button
                                kind="plain"
                                onClick={() => {
                                    close(notice.id);
                                    return notice.action?.run();
                                }}
                            >
                                {notice.action.label}
                            </Button>
                        )}
                        <Button kind="plain" icon="close" label={shellText("close")} onClick={() => close(notice.id)} />
                    </div>
                ))}
            </div>
        </div>
    );
}
