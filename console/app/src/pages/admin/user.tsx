import type { Schema } from "@stockverify/client";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { dateTime } from "../../i18n/format.js";
import { shellText } from "../../i18n/shell.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { useParameter } from "../../routes.js";
import { client, currentUser, type Role } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask, Dialog } from "../../ui/dialog.js";
import { Select, TextField } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Banner, Chip } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { fieldFaults } from "./field-faults.js";
import { HandOver, PasswordField } from "./password-field.js";
import { roles } from "./roles.js";
import { text } from "./texts.js";

type Account = Schema<"Account">;

/** One account: who it is, and what it may. */
export function UserPage() {
    const id = useParameter("user");
    const loaded = useLoad((signal) => client.call("get", "/api/admin/users/{id}", { path: { id }, signal }), [id]);
    const name = loaded.data?.full_name ?? text("user.title");
    return (
        <Page title={name} heading={<Data>{name}</Data>} back={pathTo("/admin/users")}>
            <Loading of={loaded}>
                {(account) => (
                    <div class="stack">
                        {!account.enabled && <Banner tone="warn" icon="lock" title={text("users.disabled")}>{text("user.disabled_text")}</Banner>}
                        <Describe account={account} onChanged={loaded.set} />
                        <Access account={account} onChanged={loaded.set} />
                    </div>
                )}
            </Loading>
            <ZoneNote />
        </Page>
    );
}

const isMe = (account: Account): boolean => currentUser()?.user_id === account.user_id;

function Describe({ account, onChanged }: { account: Account; onChanged: (account: Account) => void }) {
    const [form, setForm] = useState({ full_name: account.full_name, role: account.role as Role, warehouse: account.warehouse ?? "" });
    const [faults, setFaults] = useState<{ readonly [field: string]: string }>({});
    const set = (changes: Partial<typeof form>): void => setForm({ ...form, ...changes });
    const isChanged = form.full_name !== account.full_name || form.role !== account.role || form.warehouse !== (account.warehouse ?? "");
    const save = async (): Promise<void> => {
        setFaults({});
        try {
            onChanged(await client.call("patch", "/api/admin/users/{id}", { path: { id: account.user_id }, body: form }));
            notify({ tone: "ok", text: text("saved") });
        } catch (fault) {
            const found = fieldFaults(fault);
            if (found === null) notify({ tone: "bad", text: faultText(fault) });
            else setFaults(found);
        }
    };
    return (
        <form class="card stack" onSubmit={(event) => event.preventDefault()}>
            <div class="row-apart"><span class="soft">{text("user.username")}</span><Code>{account.username}</Code></div>
            <TextField label={text("user.full_name")} value={form.full_name} onInput={(full_name) => set({ full_name })} fault={faults["full_name"]} maxLength={128} autocomplete="off" required />
            <Select label={text("users.role")} hint={text(`role.${form.role}.text`)} value={form.role} onChange={(role) => set({ role })} options={roles.map((value) => ({ value, label: text(`role.${value}`) }))} fault={faults["role"]} />
            <TextField label={text("warehouse")} hint={text("user.warehouse_hint")} value={form.warehouse} onInput={(warehouse) => set({ warehouse })} fault={faults["warehouse"]} maxLength={64} autocomplete="off" />
            <Button kind="primary" type="submit" icon="check" disabled={!isChanged || form.full_name.trim() === ""} onClick={save}>{shellText("save")}</Button>
        </form>
    );
}

function Access({ account, onChanged }: { account: Account; onChanged: (account: Account) => void }) {
    const [isResetting, setResetting] = useState(false);
    const path = { id: account.user_id };
    const tell = (fault: unknown): void => notify({ tone: "bad", text: faultText(fault) });
    const revoke = async (): Promise<void> => {
        if (!(await ask({ title: text("user.revoke_ask"), text: isMe(account) ? text("user.revoke_own") : text("user.revoke_text"), confirm: text("user.revoke"), danger: true }))) return;
        await client.call("post", "/api/admin/users/{id}/revoke", { path }).then(({ revoked }) => notify({ tone: "ok", text: text("user.revoked", { n: revoked }) }), tell);
    };
    const enable = (enabled: boolean): Promise<void> =>
        client.call("patch", "/api/admin/users/{id}", { path, body: { enabled } }).then((changed) => {
            onChanged(changed);
            notify({ tone: "ok", text: enabled ? text("user.enabled_now") : text("user.disabled_now") });
        }, tell);
    const disable = async (): Promise<void> => {
        if (await ask({ title: text("user.disable_ask"), text: text("user.disable_text"), confirm: text("user.disable"), danger: true })) await enable(false);
    };
    return (
        <section class="card stack">
            <h2>{text("user.access")}</h2>
            <dl class="facts">
                <div class="row-apart"><dt class="soft">{text("users.last_login")}</dt><dd>{account.last_login_at === null ? text("users.never") : <time translate={false}>{dateTime(account.last_login_at)}</time>}</dd></div>
                <div class="row-apart"><dt class="soft">{text("user.pin")}</dt><dd>{account.has_pin ? <Chip tone="ok">{text("user.pin_set")}</Chip> : <Chip>{text("user.pin_none")}</Chip>}</dd></div>
                <div class="row-apart"><dt class="soft">{text("user.since")}</dt><dd><time translate={false}>{dateTime(account.created_at)}</time></dd></div>
            </dl>
            <div class="row">
                <Button icon="lock" onClick={() => setResetting(true)}>{text("user.reset")}</Button>
                <Button icon="exit" onClick={revoke}>{text("user.revoke")}</Button>
                {account.enabled ? <Button kind="danger" icon="stop" disabled={isMe(account)} onClick={disable}>{text("user.disable")}</Button> : <Button kind="primary" icon="check" onClick={() => enable(true)}>{text("user.enable")}</Button>}
            </div>
            {isMe(account) && <p class="small soft">{text("user.own")}</p>}
            {isResetting && <ResetPassword account={account} onClose={() => setResetting(false)} onChanged={onChanged} />}
        </section>
    );
}

function ResetPassword({ account, onClose, onChanged }: { account: Account; onClose: () => void; onChanged: (account: Account) => void }) {
    const [password, setPassword] = useState("");
    const [fault, setFault] = useState<string>();
    const [isDone, setDone] = useState(false);
    const save = async (): Promise<void> => {
        setFault(undefined);
        try {
            onChanged(await client.call("post", "/api/admin/users/{id}/reset-password", { path: { id: account.user_id }, body: { password } }));
            setDone(true);
        } catch (reason) {
            setFault(fieldFaults(reason)?.["password"] ?? faultText(reason));
        }
    };
    return (
        <Dialog
            title={text("user.reset")}
            onClose={onClose}
            actions={isDone ? <Button kind="primary" onClick={onClose}>{shellText("done")}</Button> : <Button kind="danger" disabled={password.length < 8} onClick={save}>{text("user.reset_yes")}</Button>}
        >
            {isDone ? (
                <>
                    <Banner tone="ok">{text("user.reset_done")}</Banner>
                    <HandOver username={account.username} password={password} />
                </>
            ) : (
                <>
                    <p>{text("user.reset_text")}</p>
                    <PasswordField value={password} onInput={setPassword} fault={fault} />
                </>
            )}
        </Dialog>
    );
}
