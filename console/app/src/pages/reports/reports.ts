/** Dashboards, the watchtower, reports and jobs: one chunk, of supervisors and administrators. */
import "./reports.css";

export { BuilderPage } from "./builder.js";
export { DashboardPage } from "./dashboard.js";
export { ReportsPage } from "./hub.js";
export { JobsPage } from "./jobs.js";
export { WatchtowerPage } from "./watchtower.js";
