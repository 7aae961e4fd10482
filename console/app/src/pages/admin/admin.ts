/** The administrators' pages: one chunk, loaded when one of them is opened. */
import "../office.css";
import "./admin.css";

export { AuditPage } from "./audit.js";
export { ErpPage } from "./erp.js";
export { ErrorsPage } from "./errors.js";
export { HealthPage } from "./health.js";
export { NewUserPage } from "./new-user.js";
export { RackImportPage } from "./rack-import.js";
export { NewRackPage, RackPage } from "./rack.js";
export { RacksPage } from "./racks.js";
export { UserPage } from "./user.js";
export { UsersPage } from "./users.js";
