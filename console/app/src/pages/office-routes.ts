import { pageOf, type PageRoute } from "../routes.js";

const reports = () => import("./reports/reports.js");

/** Pages of supervisors and administrators, in chunks of their own. */
export const officeRoutes: readonly PageRoute[] = [
    { path: "/dashboard", least: "supervisor", component: pageOf(reports, (chunk) => chunk.DashboardPage) },
    { path: "/watchtower", least: "supervisor", component: pageOf(reports, (chunk) => chunk.WatchtowerPage) },
    { path: "/jobs", least: "supervisor", component: pageOf(reports, (chunk) => chunk.JobsPage) },
];
