import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import type { Loaded } from "../../load.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { FileDialog, whyText } from "./file-dialog.js";
import { makeExport } from "./files.js";
import { text } from "./texts.js";

interface KeptPageProps<T> {
    /** What it is called until its name is known. */
    title: string;
    /** The list it stands in. */
    back: string;
    loaded: Loaded<T>;
    /** Of the API: what is exported and deleted. */
    resource: string;
    /** What its deletion leaves behind, where that is to be said. */
    removeText?: string;
    remove: () => Promise<unknown>;
    /** What else can be done, between file and deletion. */
    actions?: (kept: T) => ComponentChildren;
    children: (kept: T) => ComponentChildren;
}

/** The page of something that was kept under a name, as a file to be had, and to be deleted: snapshots and comparisons. */
export function KeptPage<T extends { name: string }>({ title, back, loaded, resource, removeText, remove, actions, children }: KeptPageProps<T>) {
    const { route } = useLocation();
    const [isMaking, make] = useState(false);
    const name = loaded.data?.name;
    const askAndRemove = async (kept: T): Promise<void> => {
        if (!(await ask({ title: text("reports.delete_ask", { name: kept.name }), ...(removeText === undefined ? {} : { text: removeText }), confirm: text("reports.delete"), danger: true }))) return;
        try {
            await remove();
            route(back, true);
        } catch (fault) {
            notify({ tone: "bad", text: whyText(fault) });
        }
    };
    return (
        <Page title={name ?? title} {...(name === undefined ? {} : { heading: <Data>{name}</Data> })} back={back} wide>
            <Loading of={loaded} rows={3} height={140}>
                {(kept) => (
                    <div class="stack">
                        <div class="row">
                            <Button kind="primary" icon="download" onClick={() => make(true)}>
                                {text("builder.file")}
                            </Button>
                            {actions?.(kept)}
                            <Button icon="trash" onClick={() => askAndRemove(kept)}>
                                {text("reports.delete")}
                            </Button>
                        </div>
                        {children(kept)}
                        {isMaking && <FileDialog title={text("builder.file")} fileName={kept.name} make={(format, onProgress) => makeExport(resource, format, onProgress)} onClose={() => make(false)} />}
                    </div>
                )}
            </Loading>
            <ZoneNote days="warehouse" />
        </Page>
    );
}
