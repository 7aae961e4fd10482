import type { Schema } from "@stockverify/client";
import { useState } from "preact/hooks";
import { relative } from "../../i18n/format.js";
import { useLoad } from "../../load.js";
import { Button } from "../../ui/button.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Banner, Chip } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { useEvery } from "./every.js";
import { type Dependency, dependenciesOf, overallOf } from "./dependencies.js";
import { text } from "./texts.js";

/** Whether everything the server needs is there: asked every few seconds while the page is seen. */
export function HealthPage() {
    const [asked, setAsked] = useState(Date.now());
    const loaded = useLoad(async (signal) => {
        const health = await ask(signal);
        setAsked(Date.now());
        return health;
    }, []);
    useEvery(3, loaded.reload);
    return (
        <Page title={text("health.title")} actions={<Button icon="sync" label={text("health.again")} onClick={loaded.reload} />}>
            <Loading of={loaded} rows={5}>
                {(health) => (
                    <div class="stack" aria-live="polite">
                        <Overall health={health} />
                        <ul class="list">
                            {dependenciesOf(health).map((dependency) => <Row key={dependency.name} dependency={dependency} />)}
                        </ul>
                        <p class="small soft">{text("health.version")} <Code>{health.version}</Code> · {text("health.asked")} <time translate={false}>{relative(asked)}</time></p>
                    </div>
                )}
            </Loading>
        </Page>
    );
}

/** An unhealthy server answers 503 and says why all the same. */
async function ask(signal: AbortSignal): Promise<Schema<"Health">> {
    const answer = await fetch("/api/health", { signal, cache: "no-store" });
    const { data } = (await answer.json()) as { data: Schema<"Health"> };
    return data;
}

function Overall({ health }: { health: Schema<"Health"> }) {
    const state = overallOf(health);
    const tone = state === "healthy" ? "ok" : state === "degraded" ? "warn" : "bad";
    return <Banner tone={tone} icon={state === "healthy" ? "check" : "warning"} title={text(`health.${state}`)}>{text(`health.${state}.text`)}</Banner>;
}

const tones = { up: "ok", busy: "warn", refuses_writes: "bad", down: "bad", off: "plain" } as const;

function Row({ dependency }: { dependency: Dependency }) {
    const { name, state, breaker, error, milliseconds, version } = dependency;
    return (
        <li class="list-row dependency" data-name={name} data-state={state}>
            <span class="grow stack-tight">
                <strong>{text(`dependency.${name}`)}</strong>
                <span class="small soft">{text(`dependency.${name}.text`)}</span>
                {(state === "down" || state === "refuses_writes") && <span class="small">{text(`dependency.${name}.down`)}</span>}
                {error !== null && <span class="small"><Data class="wrap">{error}</Data></span>}
                {(milliseconds !== null || version !== null || breaker !== null) && (
                    <span class="small soft row">
                        {milliseconds !== null && <span>{text("health.latency", { n: milliseconds })}</span>}
                        {version !== null && <Code>{version}</Code>}
                        {breaker !== null && <span>{text(`breaker.${breaker}`)}</span>}
                    </span>
                )}
            </span>
            <Chip tone={tones[state]}>{text(`state.${state}`)}</Chip>
        </li>
    );
}
