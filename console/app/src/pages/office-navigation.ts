import type { NavigationSection } from "../navigation.js";

/** The menu of supervisors and administrators: a section for each, in the order it is seen. */
export const officeNavigation: readonly NavigationSection[] = [];
