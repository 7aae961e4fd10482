import type { WorkerMessage } from "./sw-messages.js";

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string; revision: string | null }[] };

const scope = "/console/";
const shell = self.__WB_MANIFEST;

/** One cache for each build's shell, and one for what else was used: files whose names change with their content. */
const shellName = `sv-shell-${digest(shell.map((file) => `${file.url} ${file.revision ?? ""}`).join("\n"))}`;
const assetsName = "sv-assets";

/** Tabs of the builds before this one still ask for their files. */
const buildsKept = 3;
const assetsKept = 120;

function digest(text: string): string {
    let hash = 0x811c9dc5;
    for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    return (hash >>> 0).toString(36);
}

const pageAddress = `${scope}index.html`;
const isHashed = (path: string): boolean => path.startsWith(`${scope}assets/`) || path.startsWith(`${scope}scan-worker`);

/** By the address that the browser has it by: where it is the same still, it is not sent again. */
const fetchPage = (): Promise<Response> => fetch(scope, { cache: "no-cache" });

async function install(): Promise<void> {
    const cache = await caches.open(shellName);
    await Promise.all(
        shell.map(async ({ url }) => {
            const address = scope + url;
            const answer = await (address === pageAddress ? fetchPage() : fetch(address, { cache: isHashed(address) ? "default" : "no-cache" }));
            if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
            await cache.put(address, answer);
        }),
    );
}

async function activate(): Promise<void> {
    // In the order they were made.
    const shells = (await caches.keys()).filter((name) => name.startsWith("sv-shell-"));
    await Promise.all(shells.slice(0, -buildsKept).map((name) => caches.delete(name)));
    await self.clients.claim();
}

async function keep(urls: readonly string[]): Promise<void> {
    const cache = await caches.open(assetsName);
    for (const url of new Set(urls)) {
        const { origin, pathname } = new URL(url, self.location.origin);
        if (origin !== self.location.origin || !isHashed(pathname) || (await caches.match(pathname)) !== undefined) continue;
        const answer = await fetch(pathname).catch(() => undefined);
        if (answer?.ok === true) await cache.put(pathname, answer);
    }
    const kept = await cache.keys();
    await Promise.all(kept.slice(0, Math.max(0, kept.length - assetsKept)).map((request) => cache.delete(request)));
}

/** Every address of the console is one page; its own build's copy comes first. */
async function page(request: Request): Promise<Response> {
    const cache = await caches.open(shellName);
    return (await cache.match(pageAddress)) ?? fetch(request);
}

/** The walls round the page are headers that come with it: what the server changed of them stands from the next time on. */
async function refreshWalls(): Promise<void> {
    const cache = await caches.open(shellName);
    const kept = await cache.match(pageAddress);
    const answer = await fetchPage().catch(() => undefined);
    // Another text is of another build, which brings its own.
    if (kept !== undefined && answer?.ok === true && (await kept.text()) === (await answer.clone().text())) await cache.put(pageAddress, answer);
}

async function asset(request: Request): Promise<Response> {
    const found = await caches.match(request.url, { ignoreSearch: true });
    if (found !== undefined) return found;
    const answer = await fetch(request);
    if (answer.ok && isHashed(new URL(request.url).pathname)) await (await caches.open(assetsName)).put(request.url, answer.clone());
    return answer;
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => {
    const message = event.data as WorkerMessage;
    if (message.kind === "take_over") void self.skipWaiting();
    else event.waitUntil(keep(message.urls));
});
self.addEventListener("fetch", (event) => {
    const { request } = event;
    const { origin, pathname } = new URL(request.url);
    if (request.method !== "GET" || origin !== self.location.origin || !pathname.startsWith(scope) || pathname === `${scope}sw.js`) return;
    if (request.mode === "navigate") event.waitUntil(refreshWalls());
    event.respondWith(request.mode === "navigate" ? page(request) : asset(request));
});
