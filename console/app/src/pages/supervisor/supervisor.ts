/** The supervisor's pages from counts to the books: a chunk of its own. */
import "./supervisor.css";

export { AdjustmentPage } from "./adjustment.js";
export { AdjustmentsPage } from "./adjustments.js";
export { CountPage } from "./count.js";
export { CountsPage } from "./counts.js";
export { OpenCountPage } from "./open-count.js";
export { ReviewLinePage } from "./review-line.js";
export { ReviewPage } from "./review.js";
export { SheetsPage } from "./sheets.js";
