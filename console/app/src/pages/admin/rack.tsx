import type { Schema } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { dateTime } from "../../i18n/format.js";
import { shellText } from "../../i18n/shell.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { TextField } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Banner } from "../../ui/surface.js";
import { Code } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { Who } from "../supervisor/people.js";
import { fieldFaults } from "./field-faults.js";
import { RackState } from "./rack-state.js";
import { text } from "./texts.js";

type Rack = Schema<"AdminRack">;

interface RackForm {
    rack_id: string;
    warehouse: string;
    floor: string;
    zone: string;
    estimated_items: string;
}

const formOf = (rack: Rack): RackForm => ({
    rack_id: rack.rack_id,
    warehouse: rack.warehouse ?? "",
    floor: rack.floor ?? "",
    zone: rack.zone ?? "",
    estimated_items: rack.estimated_items === null ? "" : String(rack.estimated_items),
});

/** As the API wants it; `null` where the number of items is none. */
function bodyOf(form: RackForm) {
    const count = form.estimated_items.trim();
    if (!/^\d{0,7}$/.test(count)) return null;
    const { warehouse, floor, zone } = form;
    return { warehouse: warehouse.trim(), floor: floor.trim(), zone: zone.trim(), ...(count === "" ? {} : { estimated_items: Number(count) }) };
}

/** One rack: where it stands, who has it, its label. */
export function RackPage() {
    const id = useParameter("rack");
    const loaded = useLoad((signal) => client.call("get", "/api/admin/racks/{rack_id}", { path: { rack_id: id }, signal }), [id]);
    return (
        <Page title={id} heading={<Code>{id}</Code>} back={pathTo("/admin/racks")}>
            <Loading of={loaded}>{(rack) => <Rack rack={rack} onChanged={loaded.set} />}</Loading>
            <ZoneNote />
        </Page>
    );
}

function Rack({ rack, onChanged }: { rack: Rack; onChanged: (rack: Rack) => void }) {
    const path = { rack_id: rack.rack_id };
    const remove = async (): Promise<void> => {
        if (!(await ask({ title: text("rack.delete_ask"), text: text("rack.delete_text"), confirm: text("rack.delete"), danger: true }))) return;
        await client.call("delete", "/api/admin/racks/{rack_id}", { path }).then(onChanged, (fault: unknown) => notify({ tone: "bad", text: faultText(fault) }));
    };
    return (
        <div class="stack">
            {rack.deleted && <Banner tone="warn" icon="trash" title={text("rack.deleted")}>{text("rack.deleted_text")}</Banner>}
            <section class="card stack-tight">
                <div class="row-apart"><span class="soft">{text("rack.state")}</span><RackState state={rack.status} /></div>
                {rack.locked_by !== null && <div class="row-apart"><span class="soft">{text("rack.holder")}</span><a href={pathTo("/admin/users", rack.locked_by)}><Who id={rack.locked_by} /></a></div>}
                {rack.last_verified_at !== null && <div class="row-apart"><span class="soft">{text("rack.verified")}</span><time translate={false}>{dateTime(rack.last_verified_at)}</time></div>}
            </section>
            <RackFormCard
                key={rack.updated_at ?? ""}
                start={formOf(rack)}
                save={async (body) => {
                    onChanged(rack.deleted ? await client.call("post", "/api/admin/racks", { body: { ...body, ...path } }) : await client.call("patch", "/api/admin/racks/{rack_id}", { path, body }));
                    notify({ tone: "ok", text: text("saved") });
                }}
                label={rack.deleted ? text("rack.restore") : shellText("save")}
            />
            <div class="row">
                <Button icon="print" href={`${pathTo("/admin/racks/labels")}?q=${encodeURIComponent(rack.rack_id)}`}>{text("rack.label")}</Button>
                {!rack.deleted && <Button kind="danger" icon="trash" onClick={remove}>{text("rack.delete")}</Button>}
            </div>
        </div>
    );
}

export function NewRackPage() {
    const { route } = useLocation();
    return (
        <Page title={text("racks.add")} back={pathTo("/admin/racks")}>
            <RackFormCard
                start={{ rack_id: "", warehouse: "", floor: "", zone: "", estimated_items: "" }}
                isNew
                save={async (body, rack_id) => {
                    await client.call("post", "/api/admin/racks", { body: { ...body, rack_id } });
                    notify({ tone: "ok", text: text("rack.made") });
                    route(pathTo("/admin/racks", rack_id));
                }}
                label={shellText("save")}
            />
            <ZoneNote />
        </Page>
    );
}

type RackBody = NonNullable<ReturnType<typeof bodyOf>>;

function RackFormCard({ start, isNew = false, save, label }: { start: RackForm; isNew?: boolean; save: (body: RackBody, rackId: string) => Promise<void>; label: string }) {
    const [form, setForm] = useState(start);
    const [faults, setFaults] = useState<{ readonly [field: string]: string }>({});
    const set = (changes: Partial<RackForm>): void => setForm({ ...form, ...changes });
    const send = async (): Promise<void> => {
        setFaults({});
        const body = bodyOf(form);
        if (body === null) return setFaults({ estimated_items: text("rack.estimated_rule") });
        try {
            await save(body, form.rack_id.trim());
        } catch (fault) {
            const found = fieldFaults(fault, "rack_id");
            if (found === null) notify({ tone: "bad", text: faultText(fault) });
            else setFaults(found);
        }
    };
    const isWhole = [form.rack_id, form.warehouse, form.floor].every((value) => value.trim() !== "");
    return (
        <form class="card stack" onSubmit={(event) => event.preventDefault()}>
            {isNew && <TextField label={text("rack.id")} hint={text("rack.id_hint")} value={form.rack_id} onInput={(rack_id) => set({ rack_id })} fault={faults["rack_id"]} maxLength={64} autocomplete="off" code required />}
            <TextField label={text("warehouse")} value={form.warehouse} onInput={(warehouse) => set({ warehouse })} fault={faults["warehouse"]} maxLength={64} autocomplete="off" required />
            <TextField label={text("rack.floor")} value={form.floor} onInput={(floor) => set({ floor })} fault={faults["floor"]} maxLength={64} autocomplete="off" required />
            <TextField label={text("rack.zone")} hint={text("rack.zone_hint")} value={form.zone} onInput={(zone) => set({ zone })} fault={faults["zone"]} maxLength={64} autocomplete="off" />
            <TextField label={text("rack.estimated")} hint={text("rack.estimated_hint")} inputMode="numeric" value={form.estimated_items} onInput={(estimated_items) => set({ estimated_items })} fault={faults["estimated_items"]} maxLength={7} autocomplete="off" />
            <Button kind="primary" type="submit" icon="check" disabled={!isWhole} onClick={send}>{label}</Button>
        </form>
    );
}
