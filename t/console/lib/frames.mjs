// Pictures of a fake camera: what stands before it, as a file that Chromium plays in place of one.
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./stack.mjs";

const require = createRequire(join(root, "console/package.json"));
const bwipjs = require("bwip-js");

const [width, height] = [640, 480];
const [black, white] = [16, 235];

/** The symbol's squares or stripes on paper, in the middle of the picture. */
function draw(options) {
    const frame = Buffer.alloc(width * height, white);
    if (options === null) return frame;
    const [drawn] = bwipjs.raw(options);
    const isMatrix = drawn.pixs !== undefined;
    const columns = isMatrix ? drawn.pixx : drawn.sbs.reduce((all, each) => all + each, 0);
    const scale = Math.floor(Math.min(420 / columns, isMatrix ? 300 / drawn.pixy : 4));
    const rows = isMatrix ? drawn.pixy : Math.ceil(160 / scale);
    const stripes = isMatrix ? [] : drawn.sbs.flatMap((each, index) => Array(each).fill(index % 2 === 0 ? 1 : 0));
    const [left, top] = [(width - columns * scale) >> 1, (height - rows * scale) >> 1];
    for (let y = 0; y < rows * scale; y++) {
        for (let x = 0; x < columns * scale; x++) {
            const column = Math.floor(x / scale);
            const isDark = isMatrix ? drawn.pixs[Math.floor(y / scale) * drawn.pixx + column] : stripes[column];
            if (isDark) frame[(top + y) * width + left + x] = black;
        }
    }
    return frame;
}

/** A film of one picture; `null`: blank paper. */
export function film(path, options) {
    const luma = draw(options);
    const chroma = Buffer.alloc((width * height) / 2, 128);
    const parts = [Buffer.from(`YUV4MPEG2 W${width} H${height} F15:1 Ip A1:1 C420\n`)];
    for (let frame = 0; frame < 3; frame++) parts.push(Buffer.from("FRAME\n"), luma, chroma);
    writeFileSync(path, Buffer.concat(parts));
}
