// The addresses a crawler opens for each role. Those with a part of their own ask for it.
import { supervising } from "./supervising.mjs";

const counting = ["", "racks", "unsent", "conflicts", "history", "settings", "device", "practice", "more", "count/practice", "count/practice/item/DEMO-1", "count/practice/item/DEMO-4", "count/practice/unknown", "count/practice/finish", "no-such-page"];

const reporting = ["dashboard", "watchtower", "reports", "reports/build", "jobs"];
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

/** A rack in hand, with something counted. */
async function rackInHand(page, stack) {
    await page.goto(`${stack.console}racks`);
    await page.locator(".list-row .button").first().click();
    await page.locator(".thumb-bar").waitFor();
    const path = new URL(page.url()).pathname.slice("/console/".length);
    return [path, `${path}/unknown`, `${path}/finish`];
}

export async function pagesOf(role, page, stack) {
    const pages = [...counting];
    if (role === "staff") pages.push(...(await rackInHand(page, stack)));
    if (role !== "staff") pages.push(...reporting, ...(await supervising(stack)));
    if (role === "admin") pages.push(...administering, ...(await onesOfMany(page, stack)));
    return pages;
}
