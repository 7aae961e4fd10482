// The addresses a crawler opens for each role. Those with a part of their own ask for it.
import { supervising } from "./supervising.mjs";
import { until } from "./stack.mjs";

const counting = ["", "racks", "unsent", "conflicts", "history", "settings", "device", "practice", "more", "count/practice", "count/practice/item/DEMO-1", "count/practice/item/DEMO-4", "count/practice/unknown", "count/practice/finish", "no-such-page"];

const reporting = ["dashboard", "watchtower", "reports", "reports/build", "snapshots", "snapshots?comparisons", "trend?tag=nothing", "schedules", "schedules/new", "jobs"];
const administering = ["users", "users/new", "racks", "racks/new", "racks/import", "racks/labels", "racks/labels?floor=nowhere", "erp", "health", "audit", "errors", "users?q=nobody-is-called-so", "racks?q=no-such-rack"].map((page) => `admin/${page}`);

/** The first account, the first rack: pages of one of many. */
async function onesOfMany(page, stack) {
    const found = [];
    for (const list of ["admin/users", "admin/racks"]) {
        await page.goto(stack.console + list);
        await page.locator(".table-row[data-link]").first().click();
        await page.locator("main form").waitFor();
        found.push(new URL(page.url()).pathname.slice("/console/".length));
    }
    return found;
}

/** A saved query, snapshots of it, what they differ by, and a schedule. */
async function reported(stack) {
    const call = await stack.api(stack.user("supervisor"));
    const query = { collection: "erp_items", group_by: ["category"], aggregations: [{ op: "count" }, { op: "count_distinct", field: "brand_name" }] };
    const done = async (job) => {
        await until(`the job ${job.type}`, async () => (await call("GET", `/api/jobs/${job.job_id}`)).status === "succeeded");
        return (await call("GET", `/api/jobs/${job.job_id}`)).resource.id;
    };
    const { items } = await call("GET", "/api/reports/queries");
    const saved = items[0] ?? (await call("POST", "/api/reports/queries", { name: "Items by category", description: "For the crawler", query }));
    const snapshots = [];
    for (let n = 0; n < 2; n++) snapshots.push(await done(await call("POST", "/api/reports/snapshots", { name: "Items", query, tags: ["weekly"] })));
    const comparison = await done(await call("POST", "/api/reports/compare", { baseline_id: snapshots[0], comparison_id: snapshots[1], include_unchanged: true }));
    const { schedule_id } = await call("POST", "/api/reports/schedules", { name: "Variance of the week", cron: "0 6 * * 1", type: "variance", filters: { period: "last_week" }, recipients: ["office@example.com"] });
    return [`reports/build/${saved.query_id}`, `snapshots/${snapshots[0]}`, `comparisons/${comparison}`, "trend?tag=weekly", `schedules/${schedule_id}`];
}

/** A rack in hand, with something counted. */
async function rackInHand(page, stack) {
    await page.goto(`${stack.console}racks`);
    await page.locator(".list-row .button").first().click();
    await page.locator(".thumb-bar").waitFor();
    const path = new URL(page.url()).pathname.slice("/console/".length);
    return [path, `${path}/unknown`, `${path}/finish`];
}

/** Whether supervisors or administrators alone have the page. */
export const isOfOffice = (path) => path !== "login" && !counting.includes(path) && !path.startsWith("count/");

export async function pagesOf(role, page, stack) {
    const pages = [...counting];
    if (role === "staff") pages.push(...(await rackInHand(page, stack)));
    if (role !== "staff") pages.push(...(await reported(stack)), ...reporting, ...(await supervising(stack)));
    if (role === "admin") pages.push(...administering, ...(await onesOfMany(page, stack)));
    return pages;
}
