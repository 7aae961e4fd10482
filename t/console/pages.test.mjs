// Every page, for each role, in four looks: no error, no failed request, no broken wall, no untranslated text, no barrier; and what a phone loads first.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { axeSource, isKept, launch, logIn, newDesk, newPhone, picture, watch } from "./lib/browser.mjs";
import { startStack, until } from "./lib/stack.mjs";
import { isOfOffice, pagesOf } from "./lib/pages.mjs";

let stack, browser;
before(async () => {
    stack = await startStack("console-pages");
    browser = await launch();
});
after(async () => {
    await browser?.close();
    await stack?.down();
});

/** A page is painted when nothing of it is being loaded. */
async function painted(page) {
    await page.locator(".shell main, .login").first().waitFor();
    await until("a painted page", () => page.evaluate(() => document.querySelector('[aria-busy="true"]') === null && document.querySelector("main") !== null));
}

async function barriers(page) {
    // What a menu at the edge covers until one scrolls is no barrier.
    await page.evaluate(() => {
        for (const edge of document.querySelectorAll(".shell-nav, .shell-head, .thumb-bar")) edge.style.position = "static";
    });
    const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"] }));
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary?.split("\n")[1] ?? ""}`));
}

/** Texts with letters that stand in no brackets: nobody translated them. */
const untranslated = (page) =>
    page.evaluate(() => {
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const found = [];
        for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
            const text = node.textContent?.trim() ?? "";
            if (!/\p{L}/u.test(text) || /^⟦[^]*⟧$/u.test(text)) continue;
            if (node.parentElement?.closest('[translate="no"], script, style') === null) found.push(text);
        }
        return found;
    });

/** Times and days whose zone is not said. */
const isOfNoZone = (page) => page.evaluate(() => document.querySelector("main time, main input[type=date]") !== null && document.querySelector(".zone-note") === null);

/** What a gloved thumb would miss: controls lower than 48 px, but for links within a text and chips, which are hit beside them. */
const tooLow = (page) =>
    page.evaluate(() => {
        const controls = [...document.querySelectorAll("main :is(button, select, summary, textarea, input, a.button, a.list-row, a.card), header :is(button, a), nav a")];
        const hit = (control) => (control.matches("[type=checkbox], [type=radio]") ? (control.closest("label") ?? control) : control);
        return controls
            .filter((control) => control.checkVisibility({ visibilityProperty: true }) && !control.matches(".chip-button, .visually-hidden *"))
            .map((control) => [control, hit(control).getBoundingClientRect()])
            .filter(([, { height, width }]) => width > 1 && height < 47.5)
            .map(([control, { height }]) => `${control.tagName} ${control.className} ${(control.textContent ?? "").trim().slice(0, 40)}: ${height}`);
    });

/** Names that stand elsewhere than where their column or line begins, and a page's name that is cut. */
const misplaced = (page) =>
    page.evaluate(() => {
        const isAstray = (name) => {
            const range = document.createRange();
            range.selectNodeContents(name);
            const [told, place] = [range.getBoundingClientRect(), name.getBoundingClientRect()];
            const isFromRight = (getComputedStyle(name.parentElement).direction === "rtl") !== (name.parentElement.dataset.align === "end");
            return told.width > 0 && told.width < place.width && Math.abs(isFromRight ? place.right - told.right : told.left - place.left) > 1;
        };
        const astray = [...document.querySelectorAll("main :is(.table-cell, .clip) > bdi")].filter((name) => name.checkVisibility() && isAstray(name)).map((name) => `not where it begins: ${name.textContent}`);
        const cut = [...document.querySelectorAll("h1")].filter(({ scrollHeight, clientHeight, scrollWidth, clientWidth }) => scrollHeight > clientHeight + 1 || scrollWidth > clientWidth + 1).map((name) => `cut: ${name.textContent}`);
        const back = document.documentElement.dir === "rtl" ? "→" : "←";
        return [...astray, ...cut, ...(document.querySelector("main").innerText.includes(back) ? [`an arrow leads back: ${back}`] : [])];
    });

/** Figures of a list that do not end below each other, long ones whose digits are not grouped, and what opens without a sign that it does. */
const untidy = (page) =>
    page.evaluate(() => {
        const end = (figure) => figure.getBoundingClientRect()[document.documentElement.dir === "rtl" ? "left" : "right"];
        const ragged = [...document.querySelectorAll("main ul.list")].filter((list) => new Set([...list.querySelectorAll(".list-row > strong.number")].map((figure) => Math.round(end(figure)))).size > 1).map((list) => `ragged figures: ${list.innerText.slice(0, 80)}`);
        const ungrouped = [...document.querySelectorAll("main .segment small")].filter(({ textContent }) => /^\d{5,}$|^[1-9]\d{3}$/.test(textContent.trim())).map(({ textContent }) => `not grouped: ${textContent}`);
        const unsigned = [...document.querySelectorAll("main summary")].filter((summary) => getComputedStyle(summary).display !== "list-item").map(({ textContent }) => `no sign that it opens: ${textContent}`);
        return [...ragged, ...ungrouped, ...unsigned];
    });

/** Buttons that had no room beside each other, and whose rows don't begin and end where the others do, with what stands beside them. */
const uneven = (page) =>
    page.evaluate(() => {
        const buttons = [...document.querySelectorAll("main .button:not(.button-icon)")].filter((button) => button.checkVisibility({ visibilityProperty: true }));
        return [...new Set(buttons.map((button) => button.parentElement))].flatMap((parent) => {
            const those = buttons.filter((button) => button.parentElement === parent);
            const middles = new Set(those.map((button) => button.getBoundingClientRect()).map(({ top, height }) => Math.round(top + height / 2)));
            const all = [...parent.children].map((child) => child.getBoundingClientRect()).filter(({ width, height }) => width > 0 && height > 0);
            const ends = [...middles].map((middle) => {
                const row = all.filter(({ top, bottom }) => top <= middle && middle <= bottom);
                return [Math.min(...row.map(({ left }) => left)), Math.max(...row.map(({ right }) => right))].map(Math.round).join("-");
            });
            return new Set(ends).size > 1 ? [`uneven buttons: ${those.map(({ innerText }) => innerText.trim()).join(" | ")}: ${ends.join(", ")}`] : [];
        });
    });

/** The lines of the menu that are marked as the page one is on; `null` where there is no menu. */
const marked = (page) =>
    page.evaluate(() => {
        const menu = document.querySelector(".shell-nav");
        return menu && [...menu.querySelectorAll('[aria-current="page"]')].filter((line) => line.checkVisibility()).map((line) => line.getAttribute("href"));
    });

const isTooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

const widths = { phone: { make: newPhone, viewport: { width: 360, height: 780 } }, tablet: { make: newPhone, viewport: { width: 820, height: 1180 } }, desk: { make: newDesk, viewport: { width: 1280, height: 800 } } };
const look = (width, colorScheme, locale) => ({ name: `${width}, ${colorScheme}, ${locale}`, width, colorScheme, locale, ...widths[width] });

const everyLook = Object.keys(widths).flatMap((width) => ["light", "dark"].flatMap((scheme) => ["pseudo", "en", "hi", "ar"].map((locale) => look(width, scheme, locale))));

/** Every theme, direction and width with every other once. */
const fewLooks = [look("phone", "light", "pseudo"), look("desk", "dark", "ar"), look("tablet", "light", "ar"), look("phone", "dark", "hi")];

/** STOCKVERIFY_LOOKS=all takes them all, "tablet dark; desk hi" those that hold each of these words. With STOCKVERIFY_PICTURES each is kept as a picture. */
function looksAsked(asked) {
    if (asked === undefined) return fewLooks;
    const choices = asked.split(";").map((choice) => choice.split(/[\s,]+/).filter((word) => word !== "" && word !== "all"));
    const found = everyLook.filter(({ width, colorScheme, locale }) => choices.some((words) => words.every((word) => [width, colorScheme, locale].includes(word))));
    assert.notEqual(found.length, 0, `STOCKVERIFY_LOOKS: no look is ${asked}`);
    return found;
}

const looks = looksAsked(process.env.STOCKVERIFY_LOOKS);

const examined = new Set();

for (const role of ["staff", "supervisor", "admin"]) {
    describe(`the pages of ${role}`, () => {
        for (const { name, width, make, viewport, colorScheme, locale } of looks) {
            it(name, { timeout: 600_000 }, async () => {
                const page = await (await make(browser, { viewport, colorScheme })).newPage();
                await page.addInitScript((tag) => localStorage.setItem("sv.locale", tag), locale);
                await page.addInitScript({ content: axeSource });
                const faults = await watch(page);
                const found = [];
                const examine = async (path) => {
                    await painted(page);
                    await picture(page, `${role} ${path} ${name}`);
                    found.push(...(await barriers(page)).map((barrier) => `${path}: ${barrier}`));
                    if (locale === "pseudo") found.push(...(await untranslated(page)).map((text) => `${path}: untranslated: ${text}`));
                    if (isOfOffice(path) && (await isOfNoZone(page))) found.push(`${path}: whose times?`);
                    if (width === "phone") found.push(...(await tooLow(page)).map((control) => `${path}: hard to hit: ${control}`));
                    found.push(...(await misplaced(page)).map((what) => `${path}: ${what}`));
                    found.push(...(await untidy(page)).map((what) => `${path}: ${what}`));
                    if (width === "phone") found.push(...(await uneven(page)).map((what) => `${path}: ${what}`));
                    const lines = await marked(page);
                    if (lines !== null && lines.length !== (path === "no-such-page" ? 0 : 1)) found.push(`${path}: marked in the menu: ${lines.join(", ")}`);
                    if (await isTooWide(page)) found.push(`${path}: wider than the screen`);
                    found.push(...faults.splice(0).map((fault) => `${path}: ${fault}`));
                    examined.add(`${path} ${name}`);
                };
                await page.goto(stack.console);
                await examine("login");
                await logIn(page, stack, stack.user(role));
                for (const path of await pagesOf(role, page, stack)) {
                    // What a lesser role has is opened by each, and looked at from every side once.
                    if (name !== looks[0].name && examined.has(`${path} ${name}`)) continue;
                    await page.goto(stack.console + path);
                    await examine(path);
                }
                await page.context().close();
                assert.deepEqual(found, []);
            });
        }
    });
}

describe("the menu", () => {
    it("marks the line that a page belongs to: where it has few lines More, for all that is under it", { timeout: 120_000 }, async () => {
        const lines = async (make, paths) => {
            const page = await (await make(browser, { locale: "en" })).newPage();
            await logIn(page, stack, stack.user("admin"));
            const found = [];
            for (const path of paths) {
                await page.goto(stack.console + path);
                await painted(page);
                found.push(`${path}: ${(await marked(page)).join(", ")}`);
            }
            await page.context().close();
            return found;
        };
        const [home, unsent, counts, watchtower, snapshots, users, more] = ["", "/unsent", "/counts", "/watchtower", "/snapshots", "/admin/users", "/more"].map((path) => `/console${path}`);
        const paths = ["", "conflicts", "counts/new", "watchtower", "trend?tag=none", "admin/users/new", "settings", "more", "no-such-page"];
        const told = (marks) => paths.map((path, index) => `${path}: ${marks[index]}`);
        assert.deepEqual(await lines(newPhone, paths), told([home, unsent, counts, more, more, more, more, more, ""]));
        assert.deepEqual(await lines(newDesk, paths), told([home, unsent, counts, watchtower, snapshots, users, more, more, ""]));
    });
});

describe("what a phone loads first", () => {
    it("is at most 100 KB as nginx sends it, packed, and all of it from here", async () => {
        const { host } = new URL(stack.url);
        // A browser that asks for nothing itself; whatever a page asks of others comes to the same log, as of a proxy.
        const visitor = await launch({ args: ["--no-sandbox", "--disable-gpu", "--disable-features=AutofillServerCommunication"] });
        const sent = await stack
            .sentDuring(async () => {
                const page = await (await newPhone(visitor, { proxy: { server: stack.url } })).newPage();
                await page.goto(stack.console);
                await page.locator("[name=password]").waitFor();
                await isKept(page);
            })
            .finally(() => visitor.close());
        const bytes = sent.reduce((sum, each) => sum + each.bytes, 0);
        assert.deepEqual(sent.filter((each) => each.host !== host).map(({ line }) => line), []);
        assert.deepEqual(sent.filter(({ path }) => path.endsWith(".wasm")), []);
        assert.deepEqual(sent.filter(({ path, encoding, status }) => /\.(?:js|css|html)$/.test(path) && encoding !== "gzip" && status !== 304).map(({ path }) => path), []);
        assert.ok(bytes > 20_000 && bytes <= 100_000, `${bytes} bytes: ${sent.map((each) => `${each.path} ${each.bytes}`).join(", ")}`);
    });
});
