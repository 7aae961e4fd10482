import type { Job } from "./kinds.js";
import { useEffect, useRef, useState } from "preact/hooks";
import { useLive } from "../../live.js";
import { client } from "../../session.js";

export const hasEnded = (job: Pick<Job, "status">): boolean => job.status === "succeeded" || job.status === "failed" || job.status === "cancelled";

/** Asked at least so often, where nothing is heard of it. */
const often = 1500;

/** Follows a job from what was told of it to its end, once. */
export function useJob(first: Job | null, onEnd: (job: Job) => void): Job | null {
    const [job, setJob] = useState<Job | null>(null);
    const latest = useRef(onEnd);
    latest.current = onEnd;
    const ended = useRef<string | null>(null);
    const look = useRef<() => void>(() => undefined);
    useEffect(() => {
        setJob(first);
        if (first === null) return;
        const end = new AbortController();
        let timer: ReturnType<typeof setTimeout> | undefined;
        const take = (now: Job): void => {
            if (end.signal.aborted) return;
            setJob(now);
            if (hasEnded(now) && ended.current !== now.job_id) {
                ended.current = now.job_id;
                latest.current(now);
            }
        };
        const ask = async (): Promise<void> => {
            clearTimeout(timer);
            try {
                take(await client.call("get", "/api/jobs/{id}", { path: { id: first.job_id }, signal: end.signal }));
            } catch {
                // No network, or a server that is busy: asked again.
            }
            if (!end.signal.aborted && ended.current !== first.job_id) timer = setTimeout(() => void ask(), often);
        };
        look.current = () => {
            if (ended.current !== first.job_id) void ask();
        };
        take(first);
        void ask();
        return () => {
            end.abort();
            clearTimeout(timer);
        };
    }, [first]);
    useLive(
        ["job."],
        (events) => {
            if (events.some((event) => event.id === first?.job_id)) look.current();
        },
        () => look.current(),
    );
    return job;
}
