import { defineConfig, type Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as { version: string };

const output = process.env["CONSOLE_OUTPUT"] ?? "../../build/console";

/** What nginx' gzip_static and brotli_static send: packed copies beside each file that becomes smaller by them. */
function packed(): Plugin {
    // Where deflate's blocks end depends on how much it remembers; which is best differs from file to file.
    const gzip = (plain: Buffer): Buffer => [5, 6, 7, 8, 9].map((memLevel) => gzipSync(plain, { level: 9, memLevel })).reduce((best, each) => (each.length < best.length ? each : best));
    const pack = (folder: string): void => {
        for (const name of readdirSync(folder)) {
            const path = join(folder, name);
            if (statSync(path).isDirectory()) pack(path);
            else if (/\.(js|css|html|svg|json|webmanifest|wasm)$/.test(name)) {
                const plain = readFileSync(path);
                const copies = { gz: gzip(plain), br: brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } }) };
                for (const [kind, small] of Object.entries(copies)) if (small.length < plain.length) writeFileSync(`${path}.${kind}`, small);
            }
        }
    };
    return {
        name: "packed",
        enforce: "post",
        closeBundle: { order: "post", sequential: true, handler: () => pack(output) },
    };
}

/** What every page needs is one file; texts of other languages, pages, tables and scanning come when they are used. */
function isShell(id: string): boolean {
    if (/[\\/]pages[\\/](?!common[\\/]|office-)|\.(?:hi|ar)\.ts|pseudo\.ts|error-texts\.ts|errors\.en\.ts|[\\/](?:scan|charts|print)[\\/]|[\\/]ui[\\/](?:table|column-widths|segments|tiles|zone-note)|[\\/]src[\\/](?:days|jobs|live|live-events|load-pages|office-format)\.ts|[\\/]client[\\/]dist[\\/](?:restore|tidy)\.js|@tanstack|zxing|uplot/.test(id)) return false;
    return /[\\/]app[\\/]src[\\/]|[\\/]client[\\/]dist[\\/]|[\\/](?:preact|preact-iso|@preact)[\\/]|vite[\\/]preload-helper|\0/.test(id);
}

/** What counting needs is one file, too. What a phone loads first has no more: the other pages come after the login. */
const isCounter = (id: string): boolean => /[\\/]pages[\\/]counter[\\/](?!seldom|conflicts|device|history|more|practice-page|rescue|settings|ean13|texts\.(?:hi|ar))|[\\/]scan[\\/](?:feedback|scanner)|[\\/]ui[\\/]segments/.test(id);

/** Files of the counter's shell, which the service worker takes at once; all others come to its cache when they are used. */
const shell = ["index.html", "icons/icon.svg", "assets/{shell,counter}-*.{js,css}"];

export default defineConfig(({ mode }) => ({
    base: "/console/",
    define: { __BUILD__: JSON.stringify(process.env["CONSOLE_BUILD"] ?? "development"), __VERSION__: JSON.stringify(version) },
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
        outDir: output,
        emptyOutDir: true,
        target: "es2022",
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        sourcemap: mode === "development",
        rolldownOptions: {
            output: {
                entryFileNames: "assets/shell-[hash].js",
                chunkFileNames: "assets/[name]-[hash].js",
                assetFileNames: "assets/[name]-[hash][extname]",
                codeSplitting: { groups: [{ name: "shell", test: isShell, priority: 2 }, { name: "counter", test: isCounter, priority: 1 }] },
            },
        },
    },
    worker: {
        format: "es",
        rolldownOptions: { output: { entryFileNames: "scan-worker-[hash].js", assetFileNames: "assets/[name]-[hash][extname]" } },
    },
    plugins: [
        VitePWA({
            strategies: "injectManifest",
            srcDir: "src",
            filename: "sw.ts",
            injectRegister: false,
            includeManifestIcons: false,
            injectManifest: { globPatterns: shell, rollupFormat: "iife" },
            manifest: {
                id: "/console/",
                name: "StockVerify",
                short_name: "StockVerify",
                description: "Counting stock, on line and off",
                start_url: "/console/",
                scope: "/console/",
                display: "standalone",
                background_color: "#f6f7f9",
                theme_color: "#0f5f63",
                icons: [
                    { src: "icons/icon-192.png", sizes: "192x192", type: "image/png" },
                    { src: "icons/icon-512.png", sizes: "512x512", type: "image/png", purpose: "any" },
                    { src: "icons/icon-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
                    { src: "icons/icon.svg", sizes: "any", type: "image/svg+xml" },
                ],
            },
        }),
        packed(),
    ],
}));
