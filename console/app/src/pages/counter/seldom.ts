/** Counters' pages that nobody needs to count: they come after the login, and are kept like the others. */
import "./counter.css";

export { DevicePage } from "./device.js";
export { HistoryPage } from "./history.js";
export { PracticePage } from "./practice-page.js";
