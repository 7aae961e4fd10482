import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import type { FrameMessage, ScanAnswer, SetUpMessage } from "./messages.js";

declare const self: DedicatedWorkerGlobalScope;

const answer = (message: ScanAnswer): void => self.postMessage(message);

/** From this server only: the library would ask a foreign host. */
function setUp({ wasm }: SetUpMessage): void {
    prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true }).then(
        () => answer({ kind: "ready" }),
        () => answer({ kind: "failed" }),
    );
}

async function read({ width, height, pixels }: FrameMessage): Promise<void> {
    const picture = new ImageData(new Uint8ClampedArray(pixels), width, height);
    const codes = await readBarcodes(picture, { tryHarder: true, maxNumberOfSymbols: 4, formats: ["EAN-13", "EAN-8", "UPC-A", "UPC-E", "Code128", "Code39", "ITF", "QRCode", "DataMatrix", "DataBar", "DataBarExpanded"] });
    // The symbology identifier tells a GS1 code from one that only looks like it.
    answer({ kind: "read", codes: codes.filter((code) => code.isValid).map((code) => ({ text: code.symbologyIdentifier + code.text, format: code.format })) });
}

self.addEventListener("message", (event: MessageEvent<FrameMessage | SetUpMessage>) => {
    if ("wasm" in event.data) setUp(event.data);
    else void read(event.data).catch(() => answer({ kind: "read", codes: [] }));
});
