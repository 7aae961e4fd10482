import { shellText } from "../i18n/shell.js";
import { unseenJobs } from "../jobs.js";
import type { NavigationSection } from "../navigation.js";

/** The menu of supervisors and administrators: a section for each, in the order it is seen. */
export const officeNavigation: readonly NavigationSection[] = [
    {
        title: () => shellText("nav.supervise"),
        links: [
            { path: "/dashboard", icon: "chart", label: () => shellText("nav.dashboard"), least: "supervisor", primary: true },
            { path: "/watchtower", icon: "live", label: () => shellText("nav.watchtower"), least: "supervisor" },
        ],
    },
    {
        title: () => shellText("nav.report"),
        links: [{ path: "/jobs", icon: "job", label: () => shellText("nav.jobs"), least: "supervisor", badge: () => unseenJobs.value }],
    },
];
