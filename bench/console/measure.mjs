// What bench/console.pl asks, as JSON on the standard input; says what each round took as JSON: { name: [figure, …] }.
import { mkdirSync, readFileSync } from "node:fs";
import { launch } from "../../t/console/lib/browser.mjs";
import { cameraFigures } from "./camera.mjs";
import { coldLogin, warmHome } from "./first-paint.mjs";
import { inputFigure, wedgeFigure } from "./counting.mjs";
import { rowsFigure } from "./rows.mjs";

const asked = JSON.parse(readFileSync(0, "utf8"));
const stack = { ...asked, console: `${asked.url}/console/` };
mkdirSync(stack.folder, { recursive: true });

const figures = {};
const add = (name, figure) => (figures[name] ??= []).push(figure);
const addAll = (name, found) => Object.entries(found).forEach(([key, figure]) => add(`${name}.${key}`, figure));

const browser = await launch();
for (let round = 0; round < stack.rounds; round++) {
    addAll("cold", await coldLogin(browser, stack));
    addAll("warm", await warmHome(browser, stack));
    add("inputs", await inputFigure(browser, stack));
    add("wedge", await wedgeFigure(browser, stack));
    add("rows", await rowsFigure(browser, stack));
}
await browser.close();
for (const [symbol, rounds] of Object.entries(await cameraFigures(stack))) figures[`camera.${symbol}`] = rounds;
console.log(JSON.stringify(figures));
