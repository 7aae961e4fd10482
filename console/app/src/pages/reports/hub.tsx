import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { useLoad } from "../../load.js";
import { relative } from "../../office-format.js";
import { pathTo } from "../../paths.js";
import { client, currentUser, mayBe } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { Icon, type IconName } from "../../ui/icon.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { EmptyState } from "../../ui/surface.js";
import { Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import type { Schema } from "./api-types.js";
import { FixedDialog, type FixedType } from "./fixed-dialog.js";
import { text } from "./texts.js";

type SavedQuery = Schema<"SavedQuery">;

const fixed: readonly { type: FixedType; icon: IconName; least: "supervisor" | "admin" }[] = [
    { type: "variance", icon: "conflict", least: "supervisor" },
    { type: "stock_summary", icon: "box", least: "supervisor" },
    { type: "user_activity", icon: "users", least: "supervisor" },
    { type: "session_history", icon: "history", least: "supervisor" },
    { type: "audit_trail", icon: "shield", least: "admin" },
];

/** Where reports begin: those that were saved, those that are fixed, and a new one. */
export function ReportsPage() {
    const [making, make] = useState<FixedType | null>(null);
    const loaded = useLoad((signal) => client.call("get", "/api/reports/queries", { query: { limit: 100 }, signal }), []);
    const role = currentUser()?.role ?? "staff";
    const remove = async (query: SavedQuery): Promise<void> => {
        if (!(await ask({ title: text("reports.delete_ask", { name: query.name }), text: text("reports.delete_text"), confirm: text("reports.delete"), danger: true }))) return;
        try {
            await client.call("delete", "/api/reports/queries/{id}", { path: { id: query.query_id } });
            await loaded.reload();
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    return (
        <Page title={text("reports.title")}>
            <div class="stack">
                <Button kind="primary" size="large" icon="plus" href={pathTo("/reports/build")}>
                    {text("reports.new")}
                </Button>
                <h2>{text("reports.saved")}</h2>
                <Loading of={loaded} rows={3}>
                    {({ items }) =>
                        items.length === 0 ? (
                            <EmptyState icon="star" title={text("reports.none")} text={text("reports.none_text")} />
                        ) : (
                            <ul class="list">
                                {items.map((query) => (
                                    <SavedRow key={query.query_id} query={query} onRemove={() => remove(query)} />
                                ))}
                            </ul>
                        )
                    }
                </Loading>
                <h2>{text("reports.fixed")}</h2>
                <ul class="list">
                    {fixed
                        .filter(({ least }) => mayBe(role, least))
                        .map(({ type, icon }) => (
                            <li key={type}>
                                <button type="button" class="list-row" onClick={() => make(type)}>
                                    <Icon name={icon} />
                                    <span class="grow">
                                        <strong>{text(`fixed.${type}`)}</strong>
                                        <div class="small soft">{text(`fixed.${type}_text`)}</div>
                                    </span>
                                    <Icon name="next" class="soft" />
                                </button>
                            </li>
                        ))}
                </ul>
            </div>
            {making !== null && <FixedDialog type={making} onClose={() => make(null)} />}
            <ZoneNote days="warehouse" />
        </Page>
    );
}

function SavedRow({ query, onRemove }: { query: SavedQuery; onRemove: () => Promise<void> }) {
    return (
        <li class="row saved-row">
            <a class="list-row grow" href={pathTo("/reports/build", query.query_id)}>
                <span class="grow">
                    <strong>
                        <Data>{query.name}</Data>
                    </strong>
                    {query.description !== null && (
                        <div class="small">
                            <Data>{query.description}</Data>
                        </div>
                    )}
                    <div class="small soft">
                        <Data>{query.updated_by.full_name ?? query.updated_by.user_id}</Data> · <time translate={false}>{relative(query.updated_at)}</time>
                    </div>
                </span>
                <Icon name="next" class="soft" />
            </a>
            <Button kind="plain" icon="trash" label={text("reports.delete_named", { name: query.name })} onClick={onRemove} />
        </li>
    );
}
