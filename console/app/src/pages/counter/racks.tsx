import { type Holder, type PulledRack, readScan, Refused } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { number } from "../../i18n/format.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { client, racks } from "../../session.js";
import { unlockSound } from "../../scan/feedback.js";
import { useScans } from "../../scan/scanner.js";
import { Button } from "../../ui/button.js";
import { ask, Dialog } from "../../ui/dialog.js";
import { TextField } from "../../ui/field.js";
import { Icon } from "../../ui/icon.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Banner, Chip, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { CameraSheet } from "./camera-sheet.js";
import { text } from "./texts.js";

interface OpenCount {
    count_id: string;
    name: string;
}

/** Which racks are free, floor by floor; a tap or a scan of the rack's label makes one mine. */
export function RacksPage() {
    const { query, route } = useLocation();
    const [search, setSearch] = useState("");
    const [isLabel, setLabel] = useState(false);
    const [choice, setChoice] = useState<{ rack: string; counts: OpenCount[] } | null>(null);
    const loaded = useLoad(async () => {
        const fault = await client.pullRacks().then(() => undefined, (reason: unknown) => reason);
        const found = await client.pulledRacks();
        if (found.length === 0 && fault !== undefined) throw fault;
        return { found, fault };
    }, []);
    const floors = [...new Set(loaded.data?.found.map((rack) => rack.floor) ?? [])].sort();
    const floor = query["floor"] !== undefined && floors.includes(query["floor"]) ? query["floor"] : floors[0];

    const claim = async (rackId: string, more: { count_id?: string; recount?: boolean } = {}): Promise<void> => {
        unlockSound();
        const mine = racks.value.find((rack) => rack.rack_id === rackId && rack.lease !== "ended" && rack.lease !== "lost");
        if (mine !== undefined) return route(pathTo("/count", mine.session_id));
        try {
            const rack = await client.claim(rackId, more);
            route(pathTo("/count", rack.session_id));
        } catch (fault) {
            if (fault instanceof Refused && fault.code === "rack_completed") {
                if (await ask({ title: text("racks.recount"), text: text("racks.recount_text"), confirm: text("racks.recount_yes") })) await claim(rackId, { recount: true });
            } else if (fault instanceof Refused && fault.code === "count_ambiguous") {
                const { items } = await client.call("get", "/api/sessions", { query: { status: "OPEN" } });
                setChoice({ rack: rackId, counts: items.map((count) => ({ count_id: count.session_id, name: count.name ?? count.session_id })) });
            } else if (fault instanceof Refused && fault.code === "not_found") notify({ tone: "bad", text: text("racks.unknown", { code: rackId }) });
            else notify({ tone: "bad", text: fault instanceof Refused && fault.holder !== undefined ? heldBy(fault.holder) : faultText(fault) });
        }
    };
    const claimLabel = (code: string): void => {
        setLabel(false);
        void claim(readScan(code, new Date().getFullYear()).text);
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
            {choice !== null && (
                <Dialog title={text("racks.which_count")} onClose={() => setChoice(null)}>
                    <ul class="list">
                        {choice.counts.map((count) => (
                            <li key={count.count_id}>
                                <button
                                    type="button"
                                    class="list-row"
                                    onClick={() => {
                                        setChoice(null);
                                        void claim(choice.rack, { count_id: count.count_id });
                                    }}
                                >
                                    <span class="grow">
                                        <Data>{count.name}</Data>
                                    </span>
                                    <Icon name="next" />
                                </button>
                            </li>
                        ))}
                    </ul>
                </Dialog>
            )}
        </Page>
    );
}

export const heldBy = (holder: Holder): string => text("racks.held_by", { name: holder.full_name ?? holder.user_id });

/** Free ones first, each kind in the order people walk. */
function chosen(found: readonly PulledRack[], floor: string | undefined, search: string): PulledRack[] {
    const wanted = search.trim().toLowerCase();
    const order = new Intl.Collator("en", { numeric: true });
    return found
        .filter((rack) => (wanted === "" ? rack.floor === floor : rack.rack_id.toLowerCase().includes(wanted)))
        .sort((a, b) => Number(a.status !== "available") - Number(b.status !== "available") || order.compare(a.zone ?? "", b.zone ?? "") || order.compare(a.rack_id, b.rack_id));
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
