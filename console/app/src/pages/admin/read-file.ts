/** What one call takes. */
export const largestImport = 1_048_576;

/** A file's text. Spreadsheets write UTF-8 or UTF-16 with a mark, and where they are asked for plain CSV their country's code page. */
export async function readText(file: Blob): Promise<string> {
    const bytes = new Uint8Array(await file.arrayBuffer());
    if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
    try {
        return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
        return new TextDecoder("windows-1252").decode(bytes);
    }
}

/** An XLSX file is a packed folder, whatever its name says. */
export async function isWorkbook(file: Blob): Promise<boolean> {
    const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
    return start[0] === 0x50 && start[1] === 0x4b && start[2] === 0x03 && start[3] === 0x04;
}

export const isTooLarge = (text: string): boolean => new TextEncoder().encode(text).length > largestImport;
