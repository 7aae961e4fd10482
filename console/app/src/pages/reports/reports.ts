/** Dashboards, the watchtower, reports and jobs: one chunk, of supervisors and administrators. */
import "../office.css";
import "./reports.css";

export { ComparisonPage } from "./comparison.js";
export { BuilderPage } from "./builder.js";
export { DashboardPage } from "./dashboard.js";
export { ReportsPage } from "./hub.js";
export { JobsPage } from "./jobs.js";
export { SchedulePage } from "./schedule.js";
export { SchedulesPage } from "./schedules.js";
export { SnapshotPage } from "./snapshot.js";
export { SnapshotsPage } from "./snapshots.js";
export { TrendPage } from "./trend.js";
export { WatchtowerPage } from "./watchtower.js";
