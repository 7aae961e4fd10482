import { pageOf } from "../page-of.js";
import type { PageRoute } from "../routes.js";

const reports = () => import("./reports/reports.js");
const supervisor = () => import("./supervisor/supervisor.js");

const reportRoutes: readonly PageRoute[] = [
    { path: "/dashboard", least: "supervisor", component: pageOf(reports, (chunk) => chunk.DashboardPage) },
    { path: "/watchtower", least: "supervisor", component: pageOf(reports, (chunk) => chunk.WatchtowerPage) },
    { path: "/reports", least: "supervisor", component: pageOf(reports, (chunk) => chunk.ReportsPage) },
    { path: "/reports/build", least: "supervisor", component: pageOf(reports, (chunk) => chunk.BuilderPage) },
    { path: "/reports/build/:query", least: "supervisor", component: pageOf(reports, (chunk) => chunk.BuilderPage) },
    { path: "/snapshots", least: "supervisor", component: pageOf(reports, (chunk) => chunk.SnapshotsPage) },
    { path: "/snapshots/:snapshot", least: "supervisor", component: pageOf(reports, (chunk) => chunk.SnapshotPage) },
    { path: "/comparisons/:comparison", least: "supervisor", component: pageOf(reports, (chunk) => chunk.ComparisonPage), menu: "/snapshots" },
    { path: "/trend", least: "supervisor", component: pageOf(reports, (chunk) => chunk.TrendPage), menu: "/snapshots" },
    { path: "/schedules", least: "supervisor", component: pageOf(reports, (chunk) => chunk.SchedulesPage) },
    { path: "/schedules/new", least: "supervisor", component: pageOf(reports, (chunk) => chunk.SchedulePage) },
    { path: "/schedules/:schedule", least: "supervisor", component: pageOf(reports, (chunk) => chunk.SchedulePage) },
    { path: "/jobs", least: "supervisor", component: pageOf(reports, (chunk) => chunk.JobsPage) },
    { path: "/counts", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.CountsPage) },
    { path: "/counts/new", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.OpenCountPage) },
    { path: "/counts/:count", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.CountPage) },
    { path: "/counts/:count/sheets", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.SheetsPage) },
    { path: "/counts/:count/review", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.ReviewPage) },
    { path: "/counts/:count/review/:item", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.ReviewLinePage) },
    { path: "/adjustments", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.AdjustmentsPage) },
    { path: "/adjustments/:id", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.AdjustmentPage) },
    { path: "/decide", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.DecidePage) },
    { path: "/variances", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.VariancesPage) },
    { path: "/unknown-items", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.UnknownItemsPage) },
    { path: "/serials", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.SerialsPage) },
    { path: "/serials/:serial", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.SerialPage) },
    { path: "/items", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.ItemsPage) },
    { path: "/items/:item", least: "supervisor", component: pageOf(supervisor, (chunk) => chunk.ItemPage) },
];

const admin = () => import("./admin/admin.js");
const labels = () => import("./admin/labels.js");

const adminRoutes: readonly PageRoute[] = [
    { path: "/admin/users", least: "admin", component: pageOf(admin, (chunk) => chunk.UsersPage) },
    { path: "/admin/users/new", least: "admin", component: pageOf(admin, (chunk) => chunk.NewUserPage) },
    { path: "/admin/users/:user", least: "admin", component: pageOf(admin, (chunk) => chunk.UserPage) },
    { path: "/admin/racks", least: "admin", component: pageOf(admin, (chunk) => chunk.RacksPage) },
    { path: "/admin/racks/new", least: "admin", component: pageOf(admin, (chunk) => chunk.NewRackPage) },
    { path: "/admin/racks/import", least: "admin", component: pageOf(admin, (chunk) => chunk.RackImportPage) },
    { path: "/admin/racks/labels", least: "admin", component: pageOf(labels, (chunk) => chunk.RackLabelsPage) },
    { path: "/admin/racks/:rack", least: "admin", component: pageOf(admin, (chunk) => chunk.RackPage) },
    { path: "/admin/erp", least: "admin", component: pageOf(admin, (chunk) => chunk.ErpPage) },
    { path: "/admin/health", least: "admin", component: pageOf(admin, (chunk) => chunk.HealthPage) },
    { path: "/admin/audit", least: "admin", component: pageOf(admin, (chunk) => chunk.AuditPage) },
    { path: "/admin/errors", least: "admin", component: pageOf(admin, (chunk) => chunk.ErrorsPage) },
];

/** Pages of supervisors and administrators, in chunks of their own. */
export const officeRoutes: readonly PageRoute[] = [...reportRoutes, ...adminRoutes];
