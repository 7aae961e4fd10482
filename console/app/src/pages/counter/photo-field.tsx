import { useRef } from "preact/hooks";
import { faultText } from "../../faults.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { notify } from "../../ui/notices.js";
import { text } from "./texts.js";

/** As much as is needed to read a label. */
const longestSide = 1600;

async function smaller(file: File): Promise<Uint8Array> {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, longestSide / Math.max(picture.width, picture.height));
    const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.82 });
    return new Uint8Array(await blob.arrayBuffer());
}

/** Photos are kept on the device at once and sent after the records. */
export function PhotoField({ photos, onChange }: { photos: readonly string[]; onChange: (photos: string[]) => void }) {
    const input = useRef<HTMLInputElement>(null);
    const take = async (file: File | undefined): Promise<void> => {
        if (file === undefined) return;
        try {
            onChange([...photos, await client.addPhoto(await smaller(file), "image/jpeg")]);
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    return (
        <div class="row">
            <input
                ref={input}
                type="file"
                accept="image/*"
                capture="environment"
                hidden
                aria-label={text("photo.take")}
                onChange={(event) => {
                    const { currentTarget } = event;
                    void take(currentTarget.files?.[0]).finally(() => (currentTarget.value = ""));
                }}
            />
            <Button icon="photo" onClick={() => input.current?.click()}>
                {text("photo.take")}
            </Button>
            {photos.length > 0 && <span>{text("photo.kept", { n: photos.length })}</span>}
        </div>
    );
}
