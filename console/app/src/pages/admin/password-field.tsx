import { Button } from "../../ui/button.js";
import { TextField } from "../../ui/field.js";
import { newPassword } from "./password.js";
import { text } from "./texts.js";

interface PasswordFieldProps {
    value: string;
    onInput: (value: string) => void;
    fault?: string | undefined;
}

/** Seen while it is typed: it is given to somebody else, who changes it. */
export function PasswordField({ value, onInput, fault }: PasswordFieldProps) {
    return (
        <div class="stack-tight">
            <TextField label={text("user.password")} hint={text("user.password_hint")} name="new-password" value={value} onInput={onInput} fault={fault} autocomplete="off" maxLength={128} code />
            <Button kind="soft" icon="sync" onClick={() => onInput(newPassword())}>{text("user.password_make")}</Button>
        </div>
    );
}

/** Told once: nobody can read it again. */
export function HandOver({ username, password }: { username: string; password: string }) {
    return (
        <dl class="facts hand-over">
            <div class="row-apart"><dt class="soft">{text("user.username")}</dt><dd class="code" dir="ltr" translate={false}>{username}</dd></div>
            <div class="row-apart"><dt class="soft">{text("user.password")}</dt><dd class="code" dir="ltr" translate={false}>{password}</dd></div>
        </dl>
    );
}
