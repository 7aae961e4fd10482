/** The counter's pages: one chunk, which the service worker keeps with the shell. */
import "./counter.css";

export { HomePage } from "./home.js";
export { MorePage } from "./more.js";
