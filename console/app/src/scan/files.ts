import scanWorker from "./worker.js?worker&url";
import wasmUrl from "zxing-wasm/reader/zxing_reader.wasm?url";

/** What reading codes from pictures needs: large, and fetched before the camera is first opened. */
export const scannerFiles = { worker: scanWorker, wasm: wasmUrl } as const;
