import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Camera, CameraProblem } from "../../scan/camera.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Banner } from "../../ui/surface.js";
import { text } from "./texts.js";

/** The camera over the count: each code in the frame counts once, and what was counted last is in sight. */
export function CameraSheet({ onCode, onClose, last }: { onCode: (code: string) => void; onClose: () => void; last: ComponentChildren }) {
    const video = useRef<HTMLVideoElement>(null);
    const camera = useRef<Camera | undefined>(undefined);
    const handler = useRef(onCode);
    handler.current = onCode;
    const [problem, setProblem] = useState<CameraProblem | null>(null);
    const [isHeld, setHeld] = useState(false);
    const [torch, setTorch] = useState<boolean | null>(null);
    useEffect(() => {
        let isOpen = true;
        // The reader and its 400 KB come when a camera is opened.
        void import("../../scan/camera.js").then((module) => {
            if (!isOpen || video.current === null) return;
            camera.current = new module.Camera(video.current, { onCode: (code) => handler.current(code), onHeld: setHeld, onProblem: setProblem, onTorch: (possible) => setTorch(possible ? false : null) });
            void camera.current.open();
        }, () => setProblem("reader"));
        return () => {
            isOpen = false;
            camera.current?.close();
        };
    }, []);
    return (
        <Dialog title={text("camera.title")} onClose={onClose}>
            <div class="camera">
                <video ref={video} playsInline muted aria-label={text("camera.title")} />
                <div class="camera-frame" aria-hidden="true" />
                {isHeld && <span class="camera-held">{text("camera.held")}</span>}
            </div>
            {problem !== null && <Banner tone="bad" title={text(`camera.${problem}`)}>{text(`camera.${problem}_text`)}</Banner>}
            {last}
            <div class="row">
                {torch !== null && (
                    <Button icon="torch" aria-pressed={torch} onClick={() => { setTorch(!torch); return camera.current?.torch(!torch); }}>{text("camera.torch")}</Button>
                )}
                <Button icon="flip" onClick={() => camera.current?.flip()}>{text("camera.flip")}</Button>
            </div>
        </Dialog>
    );
}
