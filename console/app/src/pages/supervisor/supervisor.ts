/** The supervisor's pages from counts to the books: a chunk of its own. */
import "../office.css";
import "./supervisor.css";

export { AdjustmentPage } from "./adjustment.js";
export { AdjustmentsPage } from "./adjustments.js";
export { CountPage } from "./count.js";
export { CountsPage } from "./counts.js";
export { DecidePage } from "./decide.js";
export { ItemPage } from "./item.js";
export { ItemsPage } from "./items.js";
export { OpenCountPage } from "./open-count.js";
export { ReviewLinePage } from "./review-line.js";
export { ReviewPage } from "./review.js";
export { SheetsPage } from "./sheets.js";
export { SerialPage, SerialsPage } from "./serials.js";
export { UnknownItemsPage } from "./unknown-items.js";
export { VariancesPage } from "./variances.js";
