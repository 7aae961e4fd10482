import type { Schema } from "@stockverify/client";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { shellText } from "../../i18n/shell.js";
import { pathTo } from "../../paths.js";
import { client, type Role } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Select, TextField } from "../../ui/field.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Banner } from "../../ui/surface.js";
import { fieldFaults } from "./field-faults.js";
import { HandOver, PasswordField } from "./password-field.js";
import { roles } from "./roles.js";
import { text } from "./texts.js";

const empty = { full_name: "", username: "", role: "staff" as Role, warehouse: "", password: "" };

/** An account for somebody, and what to hand over. */
export function NewUserPage() {
    const [form, setForm] = useState(empty);
    const [faults, setFaults] = useState<{ readonly [field: string]: string }>({});
    const [made, setMade] = useState<{ account: Schema<"Account">; password: string } | null>(null);
    const set = (changes: Partial<typeof empty>): void => setForm({ ...form, ...changes });
    const save = async (): Promise<void> => {
        setFaults({});
        const { warehouse, ...rest } = form;
        try {
            const account = await client.call("post", "/api/admin/users", { body: { ...rest, ...(warehouse.trim() === "" ? {} : { warehouse: warehouse.trim() }) } });
            setMade({ account, password: form.password });
            setForm({ ...empty, role: form.role, warehouse: form.warehouse });
        } catch (fault) {
            const found = fieldFaults(fault, "username");
            if (found === null) notify({ tone: "bad", text: faultText(fault) });
            else setFaults(found);
        }
    };
    const isWhole = form.full_name.trim() !== "" && form.username.trim() !== "" && form.password.length >= 8;
    return (
        <Page title={text("user.new")} back={pathTo("/admin/users")}>
            <div class="stack">
                {made !== null && (
                    <>
                        <Banner tone="ok" title={text("user.made")} action={<Button href={pathTo("/admin/users", made.account.user_id)}>{text("user.open")}</Button>}>
                            {text("user.made_text")}
                        </Banner>
                        <section class="card"><HandOver username={made.account.username} password={made.password} /></section>
                        <Button kind="primary" icon="plus" onClick={() => setMade(null)}>{text("user.another")}</Button>
                    </>
                )}
                {made === null && (
                    <form class="card stack" onSubmit={(event) => event.preventDefault()}>
                        <TextField label={text("user.full_name")} value={form.full_name} onInput={(full_name) => set({ full_name })} fault={faults["full_name"]} maxLength={128} autocomplete="off" name="full_name" required />
                        <TextField label={text("user.username")} hint={text("user.username_hint")} value={form.username} onInput={(username) => set({ username })} fault={faults["username"]} maxLength={64} autocomplete="off" name="new-username" code required />
                        <Select label={text("users.role")} hint={text(`role.${form.role}.text`)} value={form.role} onChange={(role) => set({ role })} options={roles.map((value) => ({ value, label: text(`role.${value}`) }))} fault={faults["role"]} />
                        <TextField label={text("warehouse")} hint={text("user.warehouse_hint")} value={form.warehouse} onInput={(warehouse) => set({ warehouse })} fault={faults["warehouse"]} maxLength={64} name="warehouse" autocomplete="off" />
                        <PasswordField value={form.password} onInput={(password) => set({ password })} fault={faults["password"]} />
                        <Button kind="primary" type="submit" icon="check" disabled={!isWhole} onClick={save}>{shellText("save")}</Button>
                    </form>
                )}
            </div>
        </Page>
    );
}
