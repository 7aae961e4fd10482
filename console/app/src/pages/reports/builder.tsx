import { useEffect, useMemo, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Select } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { ZoneNote } from "../../ui/zone-note.js";
import type { Schema } from "./api-types.js";
import { ColumnChoice } from "./column-choice.js";
import { FileDialog } from "./file-dialog.js";
import { makeExport, takeSnapshot } from "./files.js";
import { FilterEditor } from "./filter-editor.js";
import { GroupEditor } from "./group-editor.js";
import { type Collection, type Draft, draftOfAddress, emptyDraft, fromQuery, isGrouped, sortable, toQuery } from "./query-draft.js";
import { Result } from "./result.js";
import { SaveDialog } from "./save-dialog.js";
import { SnapshotDialog } from "./snapshot-dialog.js";
import { text } from "./texts.js";
import { titleText } from "./titles.js";

type SavedQuery = Schema<"SavedQuery">;

/** Rows to look at; the whole is made as a file or a snapshot. */
const previewed = 200;

/** Builds a query and shows what it finds: a new one, or one that was saved. */
export function BuilderPage() {
    const id = useParameter("query");
    const loaded = useLoad(
        async (signal) => {
            const [collections, saved] = await Promise.all([
                client.call("get", "/api/reports/collections", { signal }),
                id === "" ? null : client.call("get", "/api/reports/queries/{id}", { path: { id }, signal }),
            ]);
            return { collections, saved };
        },
        [id],
    );
    return (
        <Page title={loaded.data?.saved?.name ?? text("builder.title")} {...(loaded.data?.saved ? { heading: <bdi translate={false}>{loaded.data.saved.name}</bdi> } : {})} back={pathTo("/reports")} wide>
            <Loading of={loaded} rows={3} height={160}>
                {({ collections, saved }) => <Builder key={saved?.query_id ?? "new"} collections={collections} saved={saved} onSaved={(query) => loaded.set({ collections, saved: query })} />}
            </Loading>
            <ZoneNote days="warehouse" />
        </Page>
    );
}

interface BuilderProps {
    collections: readonly Collection[];
    saved: SavedQuery | null;
    onSaved: (query: SavedQuery) => void;
}

type Opened = "save" | "snapshot" | "file" | null;

function Builder({ collections, saved, onSaved }: BuilderProps) {
    const { route, query: address } = useLocation();
    const [draft, setDraft] = useState<Draft>(() => (saved === null ? draftOfAddress(collections, address) : fromQuery(saved.query)));
    const [opened, open] = useState<Opened>(null);
    const fields = collections.find((collection) => collection.name === draft.collection)?.fields ?? [];
    const query = useMemo(() => toQuery(draft, fields), [draft, fields]);
    const asked = useSettled(JSON.stringify(query));
    const preview = useLoad((signal) => client.call("post", "/api/reports/query/preview", { body: { ...query, limit: Math.min(previewed, query.limit ?? previewed) }, signal }), [asked]);
    const save = async (name: string, description: string, isNew: boolean): Promise<void> => {
        const body = { name, description: description === "" ? null : description, query };
        const kept = saved === null || isNew ? await client.call("post", "/api/reports/queries", { body }) : await client.call("put", "/api/reports/queries/{id}", { path: { id: saved.query_id }, body });
        notify({ tone: "ok", text: text("builder.saved") });
        open(null);
        if (kept.query_id === saved?.query_id) onSaved(kept);
        else route(pathTo("/reports/build", kept.query_id), true);
    };
    const name = saved?.name ?? titleText(collections.find((collection) => collection.name === draft.collection)?.title ?? "");
    return (
        <div class="builder">
            <form class="card stack builder-form" aria-label={text("builder.query")} onSubmit={(event) => event.preventDefault()}>
                <Select label={text("builder.collection")} value={draft.collection} options={collections.map((collection) => ({ value: collection.name, label: titleText(collection.title) }))} onChange={(collection) => setDraft(emptyDraft(collection))} />
                <FilterEditor fields={fields} filters={draft.filters} onChange={(filters) => setDraft({ ...draft, filters })} />
                <GroupEditor fields={fields} draft={draft} onChange={setDraft} />
                {!isGrouped(draft) && <ColumnChoice fields={fields} draft={draft} onChange={setDraft} />}
            </form>
            <div class="stack builder-result">
                <div class="row">
                    <Button kind="primary" icon="download" onClick={() => open("file")}>
                        {text("builder.file")}
                    </Button>
                    <Button icon="star" onClick={() => open("save")}>
                        {text("builder.save")}
                    </Button>
                    <Button icon="camera" onClick={() => open("snapshot")}>
                        {text("builder.snapshot")}
                    </Button>
                </div>
                <Result
                    loaded={preview}
                    sorting={draft.sort === null ? null : { key: draft.sort.field, descending: draft.sort.direction === "desc" }}
                    sortable={sortable(draft, fields)}
                    onSort={({ key, descending }) => setDraft({ ...draft, sort: { field: key, direction: descending ? "desc" : "asc" } })}
                />
            </div>
            {opened === "save" && <SaveDialog saved={saved} onSave={save} onClose={() => open(null)} />}
            {opened === "snapshot" && <SnapshotDialog name={name} query={query} onClose={() => open(null)} />}
            {opened === "file" && (
                <FileDialog
                    title={text("builder.file")}
                    fileName={name}
                    make={async (format, onProgress) => makeExport(`/api/reports/snapshots/${await takeSnapshot({ name, query, tags: [] }, onProgress)}`, format, onProgress)}
                    onClose={() => open(null)}
                >
                    <p class="small soft">{text("builder.file_text")}</p>
                </FileDialog>
            )}
        </div>
    );
}

/** The value once it has not changed for a moment: while somebody types nothing is asked. */
function useSettled(value: string): string {
    const [settled, settle] = useState(value);
    useEffect(() => {
        const waiting = setTimeout(() => settle(value), 350);
        return () => clearTimeout(waiting);
    }, [value]);
    return settled;
}

