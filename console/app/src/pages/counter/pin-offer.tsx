import { useState } from "preact/hooks";
import { useLoad } from "../../load.js";
import { prefer, preferences } from "../../preferences.js";
import { auth, client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { PinForm } from "./pin-form.js";
import { text } from "./texts.js";

/** Offers a PIN to whoever logged in by password here, until there is one or it is not wanted. */
export function PinOffer() {
    const state = auth.value;
    const username = state.state === "logged_in" ? state.user.username : null;
    const [isOpen, setOpen] = useState(false);
    const { data: mayAlready, reload } = useLoad(async () => username === null || (await client.canUsePin(username)), [username]);
    const { noPins } = preferences.value;
    if (username === null || mayAlready !== false || noPins.includes(username)) return null;
    return (
        <section class="card stack-tight">
            <strong>{text("pin.offer")}</strong>
            <p class="small soft">{text("settings.pin_text")}</p>
            <div class="row">
                <Button kind="soft" icon="lock" onClick={() => setOpen(true)}>
                    {text("settings.pin_save")}
                </Button>
                <Button kind="plain" onClick={() => prefer({ noPins: [...noPins, username] })}>
                    {text("pin.not_wanted")}
                </Button>
            </div>
            {isOpen && (
                <Dialog title={text("settings.pin")} onClose={() => setOpen(false)}>
                    <PinForm
                        onSet={() => {
                            setOpen(false);
                            void reload();
                        }}
                    />
                </Dialog>
            )}
        </section>
    );
}
