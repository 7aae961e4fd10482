import type { IconName } from "./ui/icon.js";
import type { Role } from "./session.js";
import { mayBe, queue } from "./session.js";
import { shellText } from "./i18n/shell.js";
import { officeNavigation } from "./pages/office-navigation.js";

export interface NavigationLink {
    /** Below /console. */
    path: string;
    icon: IconName;
    label: () => string;
    least: Role;
    /** Seen at the lower edge of a phone; the others are under "More" there. */
    primary?: boolean;
    /** Of something that waits. */
    badge?: () => number;
}

export interface NavigationSection {
    title: () => string;
    links: readonly NavigationLink[];
}

const counting: NavigationSection = {
    title: () => shellText("nav.count"),
    links: [
        { path: "/", icon: "home", label: () => shellText("nav.home"), least: "staff", primary: true },
        { path: "/racks", icon: "rack", label: () => shellText("nav.racks"), least: "staff", primary: true },
        { path: "/unsent", icon: "cloud", label: () => shellText("nav.unsent"), least: "staff", primary: true, badge: () => queue.value.refused + queue.value.conflicts },
    ],
};

const sections: readonly NavigationSection[] = [counting, ...officeNavigation];

/** What this role sees of the menu. */
export function navigationOf(role: Role): readonly NavigationSection[] {
    return sections
        .map((section) => ({ ...section, links: section.links.filter((link) => mayBe(role, link.least)) }))
        .filter((section) => section.links.length > 0);
}
