/** Where the console lies on its server. */
export const base = "/console";

/** The address of a page: `pathTo("/count", sessionId)`; each further part is one name, whatever signs it has. */
export function pathTo(page: string, ...names: readonly string[]): string {
    return `${base}${page}${names.map((name) => `/${encodeURIComponent(name)}`).join("")}`;
}
