import { useState } from "preact/hooks";
import { shellText } from "../../i18n/shell.js";
import { auth } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Banner } from "../../ui/surface.js";
import { PasswordLogin } from "../common/login.js";

/** The login ended while somebody counts: told, and done over the page. */
export function LoginAgain() {
    const [isOpen, setOpen] = useState(false);
    const state = auth.value;
    if (state.state !== "expired") return null;
    return (
        <>
            <Banner tone="warn" icon="lock" title={shellText("login.again")} action={<Button kind="primary" onClick={() => setOpen(true)}>{shellText("login.submit")}</Button>}>
                {shellText("login.again_text")}
            </Banner>
            {isOpen && (
                <Dialog title={shellText("login.again")} onClose={() => setOpen(false)}>
                    <PasswordLogin username={state.user.username} fixed />
                </Dialog>
            )}
        </>
    );
}
