import { useEffect, useState } from "preact/hooks";
import { client } from "../../session.js";
import { Icon } from "../../ui/icon.js";

/** A picture, asked for with the login: no address of it could be. */
export function Photo({ id, label }: { id: string; label: string }) {
    const [url, setUrl] = useState<string | null>(null);
    const [isMissing, setMissing] = useState(false);
    useEffect(() => {
        const end = new AbortController();
        let made: string | undefined;
        client
            .download(`/api/photos/${encodeURIComponent(id)}`, end.signal)
            .then((answer) => answer.blob())
            .then((blob) => {
                if (end.signal.aborted) return;
                made = URL.createObjectURL(blob);
                setUrl(made);
            })
            .catch(() => {
                if (!end.signal.aborted) setMissing(true);
            });
        return () => {
            end.abort();
            if (made !== undefined) URL.revokeObjectURL(made);
        };
    }, [id]);
    if (url !== null) return <img class="photo" src={url} alt={label} />;
    return (
        <span class="photo photo-empty" role="img" aria-label={label}>
            <Icon name={isMissing ? "warning" : "photo"} />
        </span>
    );
}
