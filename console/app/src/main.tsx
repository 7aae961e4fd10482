import "./styles/index.css";
import { render } from "preact";
import { App } from "./app.js";
import { reportFault } from "./faults.js";
import { loadTexts } from "./i18n/catalogue.js";
import { applyLocale, locale } from "./i18n/locale.js";
import { loadCounterPages } from "./routes.js";
import { auth, client } from "./session.js";
import { applyTheme } from "./theme.js";
import { keepLoaded, registerWorker } from "./updates.js";

addEventListener("error", (event) => reportFault(event.error ?? event.message));
addEventListener("unhandledrejection", (event) => reportFault(event.reason));

applyTheme();
applyLocale(locale.value);
await loadTexts();

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
void client.start().catch(reportFault);

/** The counter's pages come before they are needed, and the worker keeps them. */
async function prepareOffline(): Promise<void> {
    await registerWorker();
    await loadCounterPages();
    keepLoaded();
}
if (document.readyState === "complete") void prepareOffline();
else addEventListener("load", () => void prepareOffline(), { once: true });

// What is on the device must not be thrown away when it runs short of room.
auth.subscribe((state) => {
    if (state.state === "logged_in") void navigator.storage?.persist?.();
});
