import type { AuthState } from "@stockverify/client";
import { Refused } from "@stockverify/client";
import { useEffect, useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { errorText, loadErrorTexts } from "../../i18n/errors.js";
import { clockTime } from "../../i18n/format.js";
import { shellText } from "../../i18n/shell.js";
import { preferPin, prefersPin } from "../../preferences.js";
import { client, queue } from "../../session.js";
import { Button } from "../../ui/button.js";
import { TextField } from "../../ui/field.js";
import { Icon } from "../../ui/icon.js";
import { Banner } from "../../ui/surface.js";
import { Data } from "../../ui/text.js";
import { applyUpdate, updateReady } from "../../updates.js";
import { LanguageChoice } from "./preferences.js";
import { PinPad } from "./pin-pad.js";

type LoggedOut = Extract<AuthState, { state: "logged_out" }>;

/** Who is here? By PIN for whoever set one on this device, else by password; without network, on as who was here last. */
export function Login({ state }: { state: LoggedOut }) {
    const { last } = state;
    const [byPin, setByPin] = useState(last !== null && prefersPin(last.username));
    const [mayUsePin, setMayUsePin] = useState(false);
    const [isOther, setOther] = useState(false);
    const [typed, setTyped] = useState("");
    const known = isOther ? null : last;
    const username = known?.username ?? typed.trim();
    useEffect(() => {
        document.title = `${shellText("login.title")} · StockVerify`;
    }, []);
    // Whoever logged out, or is another than the last, is known once the name is typed.
    useEffect(() => {
        let isCurrent = true;
        void (username === "" ? Promise.resolve(false) : client.canUsePin(username)).then((may) => isCurrent && setMayUsePin(may));
        return () => void (isCurrent = false);
    }, [username]);
    return (
        <main class="login">
            <div class="login-head">
                <LanguageChoice />
            </div>
            <div class="login-box stack">
                <div class="login-brand">
                    <span class="login-mark">
                        <Icon name="check" />
                    </span>
                    <div>
                        <strong translate={false}>{shellText("app.name")}</strong>
                        <p class="soft small">{shellText("login.tagline")}</p>
                    </div>
                </div>
                {last !== null && state.until !== null && <GoOn name={last.full_name ?? last.username} until={state.until} />}
                {state.reason !== null && <Banner tone="info">{shellText("login.needed")}</Banner>}
                {queue.value.unsent > 0 && <Banner tone="warn">{shellText("login.kept", { n: queue.value.unsent })}</Banner>}
                {byPin && mayUsePin ? <PinLogin username={username} name={known?.full_name ?? username} /> : <PasswordLogin key={isOther ? "other" : "last"} username={username} onUsername={setTyped} />}
                <div class="row">
                    {mayUsePin && (
                        <Button kind="plain" onClick={() => setByPin(!byPin)}>
                            {shellText(byPin ? "login.by_password" : "login.by_pin")}
                        </Button>
                    )}
                    {known !== null && (
                        <Button kind="plain" icon="user" onClick={() => { setOther(true); setByPin(false); }}>
                            {shellText("login.other")}
                        </Button>
                    )}
                </div>
                {updateReady.value && <Banner tone="info" title={shellText("update.title")} action={<Button onClick={applyUpdate}>{shellText("update.now")}</Button>} />}
            </div>
        </main>
    );
}

/** Without network, or a server that can answer, only: the last user goes on; anybody else needs the server. */
function GoOn({ name, until }: { name: string; until: number }) {
    const [isOffline, setOffline] = useState(!navigator.onLine);
    useEffect(() => {
        const look = (): void => void fetch("/api/health", { signal: AbortSignal.timeout(4000) }).then(({ status }) => setOffline(status >= 500), () => setOffline(true));
        look();
        addEventListener("online", look);
        addEventListener("offline", look);
        return () => {
            removeEventListener("online", look);
            removeEventListener("offline", look);
        };
    }, []);
    if (!isOffline) return null;
    return (
        <div class="card stack">
            <p>{shellText("login.continue_text", { time: clockTime(until) })}</p>
            <Button kind="primary" size="large" wide onClick={() => client.continueOffline()}>
                {shellText("login.continue", { name })}
            </Button>
        </div>
    );
}

/** What is wrong with what was entered, or with the network. */
export function loginFault(fault: unknown): string {
    if (!(fault instanceof Refused) || fault.status !== 401) return faultText(fault);
    const said = (fault.code === "credentials_invalid" ? null : errorText(fault.code)) ?? shellText("fault.login_failed");
    const left = fault.details.find(({ code }) => code === "tries_left");
    return left === undefined ? said : `${said} ${shellText("login.tries_left", { n: Number(left.message) })}`;
}

export function PasswordLogin({ username: known, fixed = false, onUsername }: { username: string; fixed?: boolean; onUsername?: (username: string) => void }) {
    const [username, setUsername] = useState(known);
    const [password, setPassword] = useState("");
    const [isShown, setShown] = useState(false);
    const [fault, setFault] = useState<string>();
    const [isBusy, setBusy] = useState(false);
    const submit = async (event: SubmitEvent): Promise<void> => {
        event.preventDefault();
        if (isBusy) return;
        setBusy(true);
        setFault(undefined);
        try {
            await client.login(username.trim(), password);
        } catch (reason) {
            await loadErrorTexts().catch(() => undefined);
            setFault(loginFault(reason));
        } finally {
            setBusy(false);
        }
    };
    return (
        <form class="stack" method="post" onSubmit={submit}>
            {!fixed && <TextField label={shellText("login.username")} name="username" value={username} onInput={(value) => { setUsername(value); onUsername?.(value); }} autocomplete="username" required code />}
            <TextField label={shellText("login.password")} name="password" type={isShown ? "text" : "password"} value={password} onInput={setPassword} autocomplete="current-password" required code fault={fault} />
            <div class="row-apart">
                <Button kind="plain" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
                    {shellText(isShown ? "login.hide" : "login.show")}
                </Button>
            </div>
            <Button kind="primary" size="large" wide type="submit" busy={isBusy}>
                {shellText("login.submit")}
            </Button>
        </form>
    );
}

function PinLogin({ username, name }: { username: string; name: string }) {
    const [fault, setFault] = useState<string>();
    const enter = async (pin: string): Promise<void> => {
        setFault(undefined);
        try {
            await client.loginPin(username, pin);
            preferPin(username);
        } catch (reason) {
            await loadErrorTexts().catch(() => undefined);
            setFault(loginFault(reason));
        }
    };
    return (
        <section class="stack">
            <div class="pin-who">
                <strong>
                    <Data>{name}</Data>
                </strong>
                <span class="soft">{shellText("login.pin_title")}</span>
            </div>
            <PinPad fault={fault} submit={shellText("login.submit")} onEnter={enter} />
        </section>
    );
}
