/** The counter's pages: one chunk, which the service worker keeps with the shell. */
import "./counter.css";

export { ConflictsPage } from "./conflicts.js";
export { CountPage } from "./count.js";
export { FinishPage } from "./finish.js";
export { HomePage } from "./home.js";
export { ItemPage } from "./item.js";
export { MorePage } from "./more.js";
export { RacksPage } from "./racks.js";
export { SettingsPage } from "./settings.js";
export { UnknownPage } from "./unknown.js";
export { UnsentPage } from "./unsent.js";
