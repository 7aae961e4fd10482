import type { RescueFile } from "@stockverify/client";
import { useRef, useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Banner } from "../../ui/surface.js";
import { text } from "./texts.js";

type Told = { tone: "ok" | "warn" | "bad"; title: string; more?: string };

function read(content: string): RescueFile | null {
    try {
        const file = JSON.parse(content) as Partial<RescueFile> | null;
        return file?.format === "stockverify-unsent" ? (file as RescueFile) : null;
    } catch {
        return null;
    }
}

/** Takes the file of a phone that can't send: its figures wait for a decision, none counts by itself. */
export function Rescue() {
    const input = useRef<HTMLInputElement>(null);
    const [told, setTold] = useState<Told | null>(null);
    const take = async (chosen: File | undefined): Promise<void> => {
        if (chosen === undefined) return;
        const file = read(await chosen.text());
        if (file === null) return setTold({ tone: "bad", title: text("rescue.other_file") });
        try {
            const { user, conflicts, stored, errors } = await client.call("post", "/api/sync/rescue", { body: file as never });
            setTold({
                tone: errors.length > 0 ? "warn" : "ok",
                title: text("rescue.taken", { name: user.full_name }),
                more: [text("rescue.waiting", { n: conflicts.length }), text("rescue.known", { n: stored.length }), ...(errors.length > 0 ? [text("rescue.refused", { n: errors.length })] : [])].join(" "),
            });
        } catch (fault) {
            setTold({ tone: "bad", title: faultText(fault) });
        }
    };
    return (
        <section class="card stack">
            <p class="small soft">{text("rescue.text")}</p>
            <input
                ref={input}
                type="file"
                accept="application/json,.json"
                hidden
                aria-label={text("rescue.take")}
                onChange={(event) => {
                    const { currentTarget } = event;
                    void take(currentTarget.files?.[0]).finally(() => (currentTarget.value = ""));
                }}
            />
            <Button icon="upload" onClick={() => input.current?.click()}>{text("rescue.take")}</Button>
            {told !== null && <Banner tone={told.tone} title={told.title}>{told.more}</Banner>}
        </section>
    );
}
