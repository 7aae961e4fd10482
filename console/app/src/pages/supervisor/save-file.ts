import { saveAs } from "../../links.js";

/** The name that the server gives a file. */
export function fileName(disposition: string | null): string {
    const exact = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? "");
    if (exact?.[1] !== undefined) return decodeURIComponent(exact[1]);
    return /filename="?([^";]+)"?/i.exec(disposition ?? "")?.[1] ?? "export";
}

/** Gives the browser a file that was asked for with the login: no link could. */
export async function saveFile(answer: Response): Promise<void> {
    saveAs(await answer.blob(), fileName(answer.headers.get("Content-Disposition")));
}
