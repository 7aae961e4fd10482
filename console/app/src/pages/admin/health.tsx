import type { Schema } from "@stockverify/client";
import { dateTime, number } from "../../i18n/format.js";
import { useLoad } from "../../load.js";
import { relative } from "../../office-format.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Banner, Chip } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { useEvery } from "./every.js";
import { text } from "./texts.js";

type Status = Schema<"SystemStatus">;
type Dependency = Schema<"Dependency">;

/** Whether everything the server needs is there: asked every few seconds while the page is seen. */
export function HealthPage() {
    const loaded = useLoad(async (signal) => ({ status: await client.call("get", "/api/admin/system-status", { signal }), asked: Date.now() }), []);
    useEvery(3, loaded.reload);
    return (
        <Page title={text("health.title")} actions={<Button icon="sync" label={text("health.again")} onClick={loaded.reload} />}>
            <Loading of={loaded} rows={5}>
                {({ status, asked }) => (
                    <div class="stack">
                        <Overall status={status.status} />
                        <ul class="list">
                            {status.dependencies.map((dependency) => <Row key={dependency.name} dependency={dependency} />)}
                        </ul>
                        <Queues queues={status.queues} />
                        <p class="small soft">{text("health.version")} <Code>{status.version}</Code> · {text("health.asked")} <time translate={false}>{relative(asked)}</time></p>
                    </div>
                )}
            </Loading>
            <ZoneNote />
        </Page>
    );
}

function Overall({ status }: { status: Status["status"] }) {
    const tone = status === "healthy" ? "ok" : status === "degraded" ? "warn" : "bad";
    return <Banner tone={tone} icon={status === "healthy" ? "check" : "warning"} title={text(`health.${status}`)}>{text(`health.${status}.text`)}</Banner>;
}

const tones = { up: "ok", refuses_writes: "bad", down: "bad", off: "plain", unknown: "warn" } as const;

function Row({ dependency }: { dependency: Dependency }) {
    const { name, state, breaker, last_error, latency_ms, version } = dependency;
    return (
        <li class="list-row dependency" data-name={name} data-state={state}>
            <span class="grow stack-tight">
                <strong>{text(`dependency.${name}`)}</strong>
                <span class="small soft">{state === "off" ? text(`dependency.${name}.off`) : text(`dependency.${name}.text`)}</span>
                {(state === "down" || state === "refuses_writes") && <span class="small">{text(`dependency.${name}.down`)}</span>}
                {state === "unknown" && <span class="small">{text("health.unknown")}</span>}
                <span class="small soft row">
                    {latency_ms !== null && state !== "down" && <span>{text("health.latency", { n: Math.max(0.1, Math.round(latency_ms * 10) / 10) })}</span>}
                    {version !== null && <Code>{version}</Code>}
                    {breaker !== null && <span>{text(`breaker.${breaker}`)}</span>}
                </span>
                {last_error !== null && (
                    <span class="small soft wrap">
                        {text("health.last_error")} {last_error.at !== null && <time translate={false}>{dateTime(last_error.at)}</time>} <Data>{last_error.message ?? ""}</Data>
                    </span>
                )}
            </span>
            <Chip tone={tones[state]}>{text(`state.${state}`)}</Chip>
        </li>
    );
}

/** Work that waits for a worker; nothing where none waits. */
function Queues({ queues }: { queues: Status["queues"] }) {
    const waiting = (queues ?? []).filter((queue) => queue.waiting > 0);
    if (waiting.length === 0) return null;
    return (
        <section class="card stack-tight">
            <h2>{text("health.waiting")}</h2>
            {waiting.map(({ name, waiting: n, oldest_seconds }) => (
                <div key={name} class="row-apart">
                    <span>{text(`queue.${name}`)}</span>
                    <span><span class="number" translate={false}>{number(n)}</span> <span class="small soft">{text("health.oldest", { n: oldest_seconds })}</span></span>
                </div>
            ))}
        </section>
    );
}
