import { prefer, preferences } from "../preferences.js";
import { scriptUrl } from "../trusted.js";
import { scannerFiles } from "./files.js";
import type { FrameMessage, ScanAnswer, SetUpMessage } from "./messages.js";
import { SteadyReader } from "./steady.js";

export type CameraProblem = "denied" | "missing" | "busy" | "insecure" | "reader";

export interface CameraEvents {
    onCode(text: string): void;
    /** A code is still in the frame: it counted already. */
    onHeld(held: boolean): void;
    onProblem(problem: CameraProblem): void;
    onTorch(possible: boolean): void;
}

const widest = 1280;

function problemOf(fault: unknown): CameraProblem {
    const name = fault instanceof DOMException ? fault.name : "";
    if (name === "NotAllowedError") return "denied";
    if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
    return "busy";
}

/** Ultra-wide lenses can't read what is near; their names say so. */
const isUltraWide = (label: string): boolean => /ultra.?wide|0\.5x|wide.?angle/i.test(label);

/** A camera's stream in a video element, and what is read from it. */
export class Camera {
    #stream: MediaStream | undefined;
    #worker: Worker | undefined;
    #steady = new SteadyReader();
    #isReading = false;
    #isOpen = true;
    readonly #canvas = document.createElement("canvas");

    constructor(
        private readonly video: HTMLVideoElement,
        private readonly events: CameraEvents,
    ) {}

    async open(): Promise<void> {
        document.addEventListener("visibilitychange", this.#resumed);
        if (navigator.mediaDevices === undefined) return this.events.onProblem("insecure");
        this.#worker = new Worker(scriptUrl(scannerFiles.worker), { type: "module" });
        this.#worker.addEventListener("message", (event: MessageEvent<ScanAnswer>) => this.#answered(event.data));
        this.#worker.addEventListener("error", () => this.events.onProblem("reader"));
        this.#worker.postMessage({ wasm: scannerFiles.wasm } satisfies SetUpMessage);
        await this.#show();
    }

    /** Every track ends: no light stays on. */
    close(): void {
        this.#isOpen = false;
        document.removeEventListener("visibilitychange", this.#resumed);
        this.#end();
        this.#worker?.terminate();
    }

    #end(): void {
        for (const track of this.#stream?.getTracks() ?? []) track.stop();
        this.#stream = undefined;
        this.video.srcObject = null;
    }

    // Phones end or freeze the stream while the page is hidden.
    readonly #resumed = (): void => {
        if (document.visibilityState === "hidden") this.#end();
        else if (this.#isOpen) void this.#show();
    };

    async #show(): Promise<void> {
        try {
            this.#end();
            const { camera } = preferences.value;
            const usual: MediaTrackConstraints = { width: { ideal: widest }, height: { ideal: 720 } };
            const stream = await navigator.mediaDevices
                .getUserMedia({ video: camera === null ? { ...usual, facingMode: { ideal: "environment" } } : { ...usual, deviceId: { exact: camera } } })
                .catch((fault: unknown) => {
                    if (camera === null) throw fault;
                    return navigator.mediaDevices.getUserMedia({ video: { ...usual, facingMode: { ideal: "environment" } } });
                });
            if (!this.#isOpen) return stream.getTracks().forEach((track) => track.stop());
            this.#stream = stream;
            this.video.srcObject = stream;
            await this.video.play();
            const [track] = stream.getVideoTracks();
            if (camera === null && track !== undefined && isUltraWide(track.label) && (await this.#preferFit())) return await this.#show();
            // Another app took the camera, or it was unplugged: it is asked for again, and why it does not come is told.
            track?.addEventListener("ended", () => void (this.#isOpen && this.#stream === stream && this.#show()), { once: true });
            const id = track?.getSettings().deviceId;
            if (id !== undefined && track !== undefined && !isUltraWide(track.label)) prefer({ camera: id });
            this.events.onTorch(track !== undefined && "torch" in (track.getCapabilities?.() ?? {}));
            this.#next();
        } catch (fault) {
            if (this.#isOpen) this.events.onProblem(problemOf(fault));
        }
    }

    /** Where the device offered an ultra-wide lens first: another one that looks away from the person, if there is any. */
    async #preferFit(): Promise<boolean> {
        const devices = await navigator.mediaDevices.enumerateDevices();
        const fit = devices.find((device) => device.kind === "videoinput" && device.deviceId !== "" && !isUltraWide(device.label) && !/front|user|selfie/i.test(device.label));
        if (fit !== undefined) prefer({ camera: fit.deviceId });
        return fit !== undefined;
    }

    /** The next of the cameras that are fit for reading. */
    async flip(): Promise<void> {
        const devices = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput" && !isUltraWide(device.label));
        const at = devices.findIndex((device) => device.deviceId === preferences.value.camera);
        const next = devices[(at + 1) % devices.length];
        if (next === undefined) return;
        prefer({ camera: next.deviceId });
        await this.#show();
    }

    async torch(on: boolean): Promise<void> {
        const [track] = this.#stream?.getVideoTracks() ?? [];
        await track?.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] }).catch(() => undefined);
    }

    #next(): void {
        if (!this.#isOpen || this.#stream === undefined) return;
        requestAnimationFrame(() => this.#grab());
    }

    #grab(): void {
        const { videoWidth, videoHeight } = this.video;
        if (this.#isReading) return;
        if (videoWidth === 0) return this.#next();
        const scale = Math.min(1, widest / videoWidth);
        this.#canvas.width = Math.round(videoWidth * scale);
        this.#canvas.height = Math.round(videoHeight * scale);
        const drawing = this.#canvas.getContext("2d", { willReadFrequently: true });
        if (drawing === null || this.#worker === undefined) return;
        drawing.drawImage(this.video, 0, 0, this.#canvas.width, this.#canvas.height);
        const { data, width, height } = drawing.getImageData(0, 0, this.#canvas.width, this.#canvas.height);
        const frame: FrameMessage = { width, height, pixels: data.buffer as ArrayBuffer };
        this.#isReading = true;
        this.#worker.postMessage(frame, [frame.pixels]);
    }

    #answered(message: ScanAnswer): void {
        if (message.kind === "failed") return this.events.onProblem("reader");
        if (message.kind === "ready") return;
        this.#isReading = false;
        const { fresh, held } = this.#steady.read(message.codes, performance.now());
        for (const text of fresh) this.events.onCode(text);
        this.events.onHeld(held && fresh.length === 0);
        this.#next();
    }
}
