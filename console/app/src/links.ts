/** Follows a link from outside of any component, as a tap on it does. */
export function follow(href: string, more: Partial<Pick<HTMLAnchorElement, "download" | "rel">> = {}): void {
    const link = Object.assign(document.createElement("a"), more, { href });
    document.body.append(link);
    link.click();
    link.remove();
}

/** Gives the browser a file under a name. */
export function saveAs(file: Blob, name: string): void {
    const url = URL.createObjectURL(file);
    follow(url, { download: name });
    // Browsers read it after the click.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
