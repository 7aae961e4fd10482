/** Dashboards, the watchtower, reports and jobs: one chunk, of supervisors and administrators. */
import "./reports.css";

export { DashboardPage } from "./dashboard.js";
export { JobsPage } from "./jobs.js";
export { WatchtowerPage } from "./watchtower.js";
