/** Counters' pages that nobody needs to count: they come after the login, and are kept like the others. */
import "./counter.css";

export { ConflictsPage } from "./conflicts.js";
export { DevicePage } from "./device.js";
export { HistoryPage } from "./history.js";
export { MorePage } from "./more.js";
export { PracticePage } from "./practice-page.js";
export { SettingsPage } from "./settings.js";
