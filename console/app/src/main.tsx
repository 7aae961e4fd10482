import "./styles/index.css";
import { render } from "preact";
import { App } from "./app.js";
import { reportFault } from "./faults.js";
import { loadTexts } from "./i18n/catalogue.js";
import { loadErrorTexts } from "./i18n/errors.js";
import { applyLocale, locale } from "./i18n/locale.js";
import { keepRolePages } from "./keep-role.js";
import { loadCounterPages, routeOf } from "./routes.js";
import { auth, client, racks, startFault } from "./session.js";
import { applyTheme } from "./theme.js";
import { sendErrors } from "./send-errors.js";
import { hearScanners, onUnheardScan } from "./scan/scanner.js";
import { follow } from "./links.js";
import { base, pathTo } from "./paths.js";
import { keepLoaded, registerWorker } from "./updates.js";

// Sizes that settle only in the next frame are no fault, though browsers tell of them as one.
addEventListener("error", (event) => event.message.startsWith("ResizeObserver loop") || reportFault(event.error ?? event.message));
addEventListener("unhandledrejection", (event) => reportFault(event.reason));

sendErrors();

// Where the worker keeps the page's files they cost no network: they come while the login is looked for.
if (navigator.serviceWorker?.controller != null) void routeOf(location.pathname.slice(base.length))?.component.preload().catch(() => undefined);

applyTheme();
applyLocale(locale.value);
await loadTexts();

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
/** Who works in this tab: without network a reload goes on as the same person, while a new tab asks "continue as?". */
const here = "sv.here";
client.start(sessionStorage.getItem(here) ?? undefined).catch((fault: unknown) => {
    startFault.value = fault;
    reportFault(fault);
});
auth.subscribe((state) => {
    if (state.state === "logged_in" || state.state === "offline") sessionStorage.setItem(here, state.user.user_id);
    else if (state.state === "logged_out") sessionStorage.removeItem(here);
});

/** The counter's pages come before they are needed, and the worker keeps them. */
async function prepareOffline(): Promise<void> {
    await registerWorker();
    await loadCounterPages();
    keepLoaded();
    keepRolePages();
}
if (document.readyState === "complete") void prepareOffline();
else addEventListener("load", () => void prepareOffline(), { once: true });

// What is on the device must not be thrown away when it runs short of room.
auth.subscribe((state) => {
    if (state.state === "logged_in") void navigator.storage?.persist?.();
    if (state.state === "logged_in" || state.state === "offline") void loadErrorTexts().catch(() => undefined);
});

// A scan on a page that has no use for it means the rack in hand.
hearScanners();
const inHand = () => racks.value.find((rack) => rack.lease !== "ended" && rack.lease !== "lost");
onUnheardScan(
    () => auth.value.state !== "logged_out" && inHand() !== undefined,
    () => follow(pathTo("/count", inHand()?.session_id ?? "")),
);
