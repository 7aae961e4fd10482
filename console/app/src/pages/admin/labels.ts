/** Printing labels has a chunk of its own: it brings what draws codes. */
import "./admin.css";

export { RackLabelsPage } from "./rack-labels.js";
