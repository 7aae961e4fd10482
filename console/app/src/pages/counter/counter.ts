/** The counter's pages: one chunk, which the service worker keeps with the shell. */
import "./counter.css";

export { CountPage } from "./count.js";
export { FinishPage } from "./finish.js";
export { HomePage } from "./home.js";
export { ItemPage } from "./item.js";
export { RacksPage } from "./racks.js";
export { UnknownPage } from "./unknown.js";
export { UnsentPage } from "./unsent.js";
