import { Refused } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { dateTime } from "../../i18n/format.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { text as decideText } from "./decide-texts.js";
import type { UnknownItem } from "./kinds.js";
import { LinkDialog } from "./link-dialog.js";
import { OnlyWarehouse } from "./only-warehouse.js";
import { Photo } from "./photo.js";
import { text } from "./texts.js";
import { useWalk } from "./walk.js";

const filters = ["open", "linked", "created", "rejected"] as const;

/** What was found and is in no master, and what it turned out to be. */
export function UnknownItemsPage() {
    const { query, route } = useLocation();
    const filter = filters.find((each) => each === query["status"]) ?? "open";
    const warehouse = query["warehouse"];
    const listOf = (status: string, of: string | undefined): string => `${pathTo("/unknown-items")}?${new URLSearchParams({ status, ...(of === undefined ? {} : { warehouse: of }) })}`;
    const walk = useWalk((cursor, signal) => client.call("get", "/api/unknown-items", { query: { status: filter, limit: 50, ...(warehouse === undefined ? {} : { warehouse }), ...(cursor === undefined ? {} : { cursor }) }, signal }), [filter, warehouse]);
    return (
        <Page title={decideText("unknown.title")}>
            <div class="stack">
                <Segments label={text("counts.filter")} value={filter} options={filters.map((value) => ({ value, label: decideText(`unknown.status.${value}`) }))} onChange={(value) => route(listOf(value, warehouse), true)} />
                <OnlyWarehouse warehouse={warehouse} all={listOf(filter, undefined)} />
                <Loading of={walk} rows={4} height={120}>
                    {({ rows, next }) =>
                        rows.length === 0 ? (
                            <EmptyState icon="box" title={decideText(filter === "open" ? "unknown.none" : "unknown.none_such")} text={decideText(filter === "open" ? "unknown.none_text" : "unknown.none_such_text")} />
                        ) : (
                            <div class="stack">
                                {rows.map((find) => <Find key={find.unknown_item_id} find={find} onDecided={walk.reload} />)}
                                {next !== null && <Button wide onClick={walk.more}>{text("more.rows")}</Button>}
                            </div>
                        )
                    }
                </Loading>
            </div>
            <ZoneNote />
        </Page>
    );
}

function Find({ find, onDecided }: { find: UnknownItem; onDecided: () => Promise<void> }) {
    const [links, setLinks] = useState(false);
    const resolve = async (body: { action: "link" | "create" | "reject"; item_code?: string; item_name?: string }): Promise<string | undefined> => {
        try {
            const answer = await client.call("post", "/api/unknown-items/{id}/resolve", { path: { id: find.unknown_item_id }, body });
            notify({ tone: "ok", text: body.action === "reject" ? decideText("unknown.rejected") : decideText("unknown.moved", { n: answer.records, item: answer.item_code ?? "" }) });
            setLinks(false);
            await onDecided();
            return undefined;
        } catch (fault) {
            if (fault instanceof Refused && fault.code === "conflict_resolved") await onDecided();
            return faultText(fault);
        }
    };
    const run = async (body: Parameters<typeof resolve>[0]): Promise<void> => {
        const fault = await resolve(body);
        if (fault !== undefined) notify({ tone: "bad", text: fault });
    };
    const reject = async (): Promise<void> => {
        if (await ask({ title: decideText("unknown.reject_ask"), text: decideText("unknown.reject_text"), confirm: decideText("unknown.reject") })) await run({ action: "reject" });
    };
    return (
        <article class="card stack">
            <div class="row chips">
                <div class="grow">
                    <strong>{find.code === null ? decideText("unknown.no_code") : <Code>{find.code}</Code>}</strong>
                    {find.name !== null && <div><Data>{find.name}</Data></div>}
                </div>
                <Chip tone={find.status === "open" ? "warn" : find.status === "rejected" ? "plain" : "ok"}>{decideText(`unknown.status.${find.status}`)}</Chip>
            </div>
            {find.remark !== null && <p><Data>{find.remark}</Data></p>}
            <p class="small soft">
                <Data>{find.full_name ?? find.user_id}</Data>
                {find.rack_id !== null && find.rack_id !== undefined && <> · <Code>{find.rack_id}</Code></>} · <time translate={false}>{dateTime(find.found_at ?? find.created_at)}</time>
            </p>
            {find.photos.length > 0 && <div class="photos">{find.photos.map((photo) => <Photo key={photo} id={photo} label={decideText("unknown.photo")} />)}</div>}
            {find.item_code !== null && <p>{decideText("unknown.is")} <a href={pathTo("/items", find.item_code)}><Code>{find.item_code}</Code></a></p>}
            {(find.status === "open" || find.status === "rejected") && (
                <div class="row">
                    <Button kind="primary" icon="search" onClick={() => setLinks(true)}>{decideText("unknown.link")}</Button>
                    {find.status === "open" && <Button icon="close" onClick={reject}>{decideText("unknown.reject")}</Button>}
                </div>
            )}
            {links && <LinkDialog find={find} onClose={() => setLinks(false)} onLink={(item) => resolve({ action: "link", item_code: item })} onCreate={(item, name) => resolve({ action: "create", item_code: item, item_name: name })} />}
        </article>
    );
}
