/** Where the console lies on its server. */
export const base = "/console";

/** The address of a page: `pathTo("/count", sessionId)`; each further part is one name, whatever signs it has. */
export function pathTo(page: string, ...names: readonly string[]): string {
    return `${base}${page}${names.map((name) => `/${encodeURIComponent(name)}`).join("")}`;
}

/** Goes to a page from outside of any component, as a tap on a link does. */
export function openPage(address: string): void {
    const link = document.createElement("a");
    link.href = address;
    document.body.append(link);
    link.click();
    link.remove();
}
