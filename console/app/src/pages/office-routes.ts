import type { PageRoute } from "../routes.js";

/** Pages of supervisors and administrators, in chunks of their own. */
export const officeRoutes: readonly PageRoute[] = [];
