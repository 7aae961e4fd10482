// What a counter does on the console's pages, for tests that are about something else.
import { canCount } from "./browser.mjs";
import { until } from "./stack.mjs";

/** Takes the first free rack. `codes`: what is expected on it and counted by a scan alone. */
export async function claim(page, address) {
    await page.goto(`${address}racks`);
    await page.locator(".list-row .button").first().click();
    await page.locator(".thumb-bar").waitFor();
    await page.locator(".segment >> nth=1").click();
    await page.locator(".count-line").first().waitFor();
    const expected = new Set(await page.locator(".count-line .code").allInnerTexts());
    await page.locator(".segment >> nth=0").click();
    await canCount(page);
    const items = Object.values(await databases(page)).flatMap(({ items }) => items.map(({ value }) => value));
    const isPlain = (item) => expected.has(item.item_code) && !item.serial_tracked && !item.lot_tracked;
    const codes = [...new Set(items.filter(isPlain).map(({ item_code }) => item_code))];
    return { path: page.url().slice(address.length), session: decodeURIComponent(page.url().split("/count/")[1]), codes };
}

export const total = (page, code) => page.locator(".count-line", { hasText: code }).locator(".line-total");

export const expectTotal = (page, code, text, limit) => until(`${code} ${text}`, async () => (await total(page, code).innerText().catch(() => "")).startsWith(text), limit);

export async function logOut(page, address) {
    await page.goto(`${address}more`);
    await page.locator("main .button-wide").last().click();
    await page.locator("dialog .button-danger, dialog .button-primary").first().click();
    await page.locator(".login [name=password]").waitFor();
}

/** Every row that the page's databases have, as one text. */
export const databases = (page) =>
    page.evaluate(async () => {
        const asked = (request) => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }));
        const found = {};
        for (const { name } of await indexedDB.databases()) {
            const database = await asked(indexedDB.open(name));
            found[name] = {};
            for (const store of database.objectStoreNames) found[name][store] = await asked(database.transaction(store).objectStore(store).getAll());
            database.close();
        }
        return found;
    });
