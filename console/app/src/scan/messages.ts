/** Between the page and the worker that reads camera pictures. */
export interface FrameMessage {
    width: number;
    height: number;
    pixels: ArrayBuffer;
}

export type ScanAnswer = { kind: "ready" } | { kind: "read"; codes: { text: string; format: string }[] } | { kind: "failed" };

export interface SetUpMessage {
    wasm: string;
}
