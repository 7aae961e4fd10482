import type { PulledRack } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { number } from "../../i18n/format.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { unlockSound } from "../../scan/feedback.js";
import { useScans } from "../../scan/scanner.js";
import { client, currentUser } from "../../session.js";
import { Button } from "../../ui/button.js";
import { TextField } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Banner, Chip, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { CameraSheet } from "./camera-sheet.js";
import { useClaim } from "./claim.js";
import { heldBy } from "./held-by.js";
import { inOrder } from "./rack-order.js";
import { text } from "./texts.js";

/** Which racks are free, floor by floor; a tap or a scan of the rack's label makes one mine. */
export function RacksPage() {
    const { query, route } = useLocation();
    const [search, setSearch] = useState("");
    const [isLabel, setLabel] = useState(false);
    const loaded = useLoad(async () => {
        const fault = await client.pullRacks().then(() => undefined, (reason: unknown) => reason);
        const found = await client.pulledRacks();
        if (found.length === 0 && fault !== undefined) throw fault;
        return { found, fault };
    }, []);
    const floors = [...new Set(loaded.data?.found.map((rack) => rack.floor) ?? [])].sort();
    const floor = query["floor"] !== undefined && floors.includes(query["floor"]) ? query["floor"] : floors[0];

    const { claim, claimLabel: claimIt, question } = useClaim();
    const claimLabel = (code: string): void => {
        setLabel(false);
        claimIt(code);
    };
    useScans(claimLabel);

    return (
        <Page title={text("racks.title")}>
            <div class="stack">
                <TextField label={text("racks.search")} hint={text("racks.search_hint")} type="search" value={search} onInput={setSearch} code />
                <Button icon="camera" wide onClick={() => { unlockSound(); setLabel(true); }}>{text("camera.rack")}</Button>
                <Loading of={loaded} rows={6} height={64}>
                    {({ found, fault }) => (
                        <>
                            {fault !== undefined && (
                                <Banner tone="info" icon="offline">
                                    {text("racks.offline")}
                                </Banner>
                            )}
                            {floors.length > 1 && search === "" && (
                                <Segments label={text("home.floors")} value={floor ?? ""} options={floors.map((value) => ({ value, label: <Data>{value}</Data> }))} onChange={(value) => route(`${pathTo("/racks")}?floor=${encodeURIComponent(value)}`, true)} />
                            )}
                            <RackList racks={chosen(found, floor, search)} onClaim={claim} />
                        </>
                    )}
                </Loading>
            </div>
            {isLabel && <CameraSheet onCode={claimLabel} onClose={() => setLabel(false)} last={null} />}
            {question}
        </Page>
    );
}

/** Of the floor, or those that are searched for. */
function chosen(found: readonly PulledRack[], floor: string | undefined, search: string): PulledRack[] {
    const wanted = search.trim().toLowerCase();
    return inOrder(
        found.filter((rack) => (wanted === "" ? rack.floor === floor : rack.rack_id.toLowerCase().includes(wanted))),
        currentUser()?.user_id ?? "",
    );
}

function RackList({ racks: shown, onClaim }: { racks: readonly PulledRack[]; onClaim: (rackId: string) => Promise<void> }) {
    if (shown.length === 0) return <EmptyState icon="rack" title={text("racks.none")} text={text("racks.none_text")} />;
    return (
        <ul class="list">
            {shown.slice(0, 200).map((rack) => (
                <li key={rack.rack_id} class="list-row">
                    <span class="grow">
                        <strong>
                            <Code>{rack.rack_id}</Code>
                        </strong>
                        <div class="small soft">
                            {rack.zone !== null && <Data>{rack.zone}</Data>}
                            {rack.zone !== null && rack.estimated_items !== null && " · "}
                            {rack.estimated_items !== null && text("racks.items", { n: rack.estimated_items })}
                        </div>
                        <WhoseRack rack={rack} />
                    </span>
                    {rack.status === "available" ? (
                        <Button kind="soft" onClick={() => onClaim(rack.rack_id)}>
                            {text("racks.take")}
                        </Button>
                    ) : (
                        <Chip tone={rack.status === "completed" ? "ok" : "plain"} icon={rack.status === "completed" ? "check" : rack.status === "paused" ? "pause" : "user"}>
                            {text(`racks.${rack.status}`)}
                        </Chip>
                    )}
                </li>
            ))}
            {shown.length > 200 && <li class="list-row soft">{text("racks.more", { n: number(shown.length - 200) })}</li>}
        </ul>
    );
}

/** Who has it, or who is to count it. */
function WhoseRack({ rack: { status, holder, assigned_to } }: { rack: PulledRack }) {
    const me = currentUser()?.user_id;
    const person = holder ?? (status === "available" ? assigned_to : undefined);
    if (person === undefined) return null;
    const isMe = person.user_id === me;
    if (holder === undefined) return <span class={isMe ? "small" : "small soft"}>{isMe ? text("racks.yours") : text("racks.assigned_to", { name: person.full_name ?? person.user_id })}</span>;
    return <span class="small soft">{isMe ? text("racks.held_by_me") : heldBy(person)}</span>;
}
