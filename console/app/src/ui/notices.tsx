import { signal } from "@preact/signals";
import { useLocation } from "preact-iso";
import { useEffect } from "preact/hooks";
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

/** `page`: where it was told. */
const shown = signal<readonly (Notice & { id: number; page: string })[]>([]);
let last = 0;

function close(id: number): void {
    shown.value = shown.value.filter((notice) => notice.id !== id);
}

/** Tells something that needs no answer. At most three at a time: the oldest gives way. */
export function notify(notice: Notice): void {
    const id = ++last;
    shown.value = [...shown.value.slice(-2), { ...notice, id, page: location.pathname }];
    const stays = notice.stays ?? (notice.tone === "bad" || notice.action !== undefined ? 0 : 4000);
    if (stays > 0) setTimeout(() => close(id), stays);
}

/** What went wrong on a page that was left is nothing to close on the next: on a phone it would lie over the way back. */
function leave(page: string): void {
    shown.value = shown.value.filter((notice) => notice.tone !== "bad" || notice.action !== undefined || notice.page === page);
}

export function Notices() {
    const { path } = useLocation();
    useEffect(() => leave(location.pathname), [path]);
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
