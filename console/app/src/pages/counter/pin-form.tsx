import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { shellText } from "../../i18n/shell.js";
import { preferPin } from "../../preferences.js";
import { auth, client, currentUser } from "../../session.js";
import { Button } from "../../ui/button.js";
import { TextField } from "../../ui/field.js";
import { notify } from "../../ui/notices.js";
import { text } from "./texts.js";

/** Sets the PIN of this person on this device; the password is asked once more. */
export function PinForm({ onSet }: { onSet?: () => void }) {
    const [password, setPassword] = useState("");
    const [pin, setPin] = useState("");
    const [fault, setFault] = useState<string>();
    const state = auth.value;
    const save = async (): Promise<void> => {
        setFault(undefined);
        if (!/^[0-9]{6,12}$/.test(pin)) return setFault(text("settings.pin_rule"));
        try {
            await client.setPin(password, pin);
            const user = currentUser();
            if (user !== null) preferPin(user.username);
            setPassword("");
            setPin("");
            notify({ tone: "ok", text: text("settings.pin_set") });
            onSet?.();
        } catch (reason) {
            setFault(faultText(reason));
        }
    };
    return (
        <form
            class="stack"
            onSubmit={(event) => {
                event.preventDefault();
                void save();
            }}
        >
            <input type="text" name="username" autocomplete="username" hidden readOnly value={state.state === "logged_in" ? state.user.username : ""} />
            <TextField label={shellText("login.password")} type="password" autocomplete="current-password" value={password} onInput={setPassword} code />
            <TextField label={text("settings.pin_new")} type="password" inputMode="numeric" autocomplete="new-password" maxLength={12} value={pin} onInput={setPin} fault={fault} code />
            <Button type="submit" disabled={password === "" || pin === "" || state.state !== "logged_in"}>
                {text("settings.pin_save")}
            </Button>
        </form>
    );
}
