import { shellText } from "../i18n/shell.js";
import type { NavigationSection } from "../navigation.js";
import { unseenJobs } from "../unseen-jobs.js";

const administering: NavigationSection = {
    title: () => shellText("nav.administer"),
    links: [
        { path: "/admin/users", icon: "users", label: () => shellText("nav.users"), least: "admin" },
        { path: "/admin/racks", icon: "rack", label: () => shellText("nav.rack_labels"), least: "admin" },
        { path: "/admin/erp", icon: "sync", label: () => shellText("nav.erp"), least: "admin" },
        { path: "/admin/health", icon: "health", label: () => shellText("nav.health"), least: "admin" },
        { path: "/admin/audit", icon: "shield", label: () => shellText("nav.audit"), least: "admin" },
        { path: "/admin/errors", icon: "warning", label: () => shellText("nav.errors"), least: "admin" },
    ],
};

/** The menu of supervisors and administrators: a section for each, in the order it is seen. */
export const officeNavigation: readonly NavigationSection[] = [
    {
        title: () => shellText("nav.supervise"),
        links: [
            { path: "/dashboard", icon: "chart", label: () => shellText("nav.dashboard"), least: "supervisor", primary: true },
            { path: "/watchtower", icon: "live", label: () => shellText("nav.watchtower"), least: "supervisor" },
            { path: "/counts", icon: "flag", label: () => shellText("nav.counts"), least: "supervisor", primary: true },
            { path: "/decide", icon: "conflict", label: () => shellText("nav.decide"), least: "supervisor" },
            { path: "/variances", icon: "flip", label: () => shellText("nav.variances"), least: "supervisor" },
            { path: "/unknown-items", icon: "box", label: () => shellText("nav.unknown_items"), least: "supervisor" },
            { path: "/items", icon: "search", label: () => shellText("nav.items"), least: "supervisor" },
            { path: "/serials", icon: "scan", label: () => shellText("nav.serials"), least: "supervisor" },
            { path: "/adjustments", icon: "edit", label: () => shellText("nav.adjustments"), least: "supervisor" },
        ],
    },
    {
        title: () => shellText("nav.report"),
        links: [
            { path: "/reports", icon: "list", label: () => shellText("nav.reports"), least: "supervisor" },
            { path: "/snapshots", icon: "camera", label: () => shellText("nav.snapshots"), least: "supervisor" },
            { path: "/schedules", icon: "calendar", label: () => shellText("nav.schedules"), least: "supervisor" },
            { path: "/jobs", icon: "job", label: () => shellText("nav.jobs"), least: "supervisor", badge: () => unseenJobs.value },
        ],
    },
    administering,
];
