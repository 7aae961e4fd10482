/** The name that the server gives a file. */
export function fileName(disposition: string | null): string {
    const exact = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? "");
    if (exact?.[1] !== undefined) return decodeURIComponent(exact[1]);
    return /filename="?([^";]+)"?/i.exec(disposition ?? "")?.[1] ?? "export";
}

/** Gives the browser a file that was asked for with the login: no link could. */
export async function saveFile(answer: Response): Promise<void> {
    const url = URL.createObjectURL(await answer.blob());
    const link = document.createElement("a");
    link.href = url;
    link.download = fileName(answer.headers.get("Content-Disposition"));
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
