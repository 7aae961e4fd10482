import type { HeldRack, Schema } from "@stockverify/client";
import { useLoad } from "../../load.js";
import { base, pathTo } from "../../paths.js";
import { unlockSound } from "../../scan/feedback.js";
import { client, currentUser, queue, racks } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Ring } from "../../ui/figures.js";
import { Icon } from "../../ui/icon.js";
import { Page } from "../../ui/page.js";
import { Banner, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { LeaseChip } from "./lease.js";
import { NextRack } from "./next-rack.js";
import { PinOffer } from "./pin-offer.js";
import { QueueCard } from "./queue-state.js";
import { text } from "./texts.js";
import { Tour } from "./tour.js";
import { Unsaved } from "./unsaved.js";

/** Where a counter begins: the racks in hand, what is unsent, where there is more to do. */
export function HomePage() {
    const home = useLoad((signal) => client.call("get", "/api/home", { signal }), [racks.value.length]);
    const user = currentUser();
    const mine = racks.value.filter((rack) => rack.lease !== "ended");
    const { refused, conflicts } = queue.value;
    return (
        <Page title={text("home.title")} heading={user === null ? undefined : text("home.hello", { name: user.full_name ?? user.username })}>
            <Tour />
            <div class="stack">
                {refused > 0 && <Notice n={refused} kind="refused" />}
                {conflicts > 0 && <Notice n={conflicts} kind="conflicts" />}
                <h2 class="visually-hidden">{text("home.my_racks")}</h2>
                {mine.length === 0 && <NextRack />}
                {mine.length === 0 ? (
                    <div class="card">
                        <EmptyState
                            icon="rack"
                            title={text("home.no_rack")}
                            text={text("home.no_rack_text")}
                            action={
                                <Button kind="primary" size="large" icon="rack" href={pathTo("/racks")}>
                                    {text("home.choose")}
                                </Button>
                            }
                        />
                    </div>
                ) : (
                    mine.map((rack) => <RackCard key={rack.session_id} rack={rack} />)
                )}
                <Unsaved />
                <QueueCard />
                <PinOffer />
                {home.data !== undefined && home.data.floors.length > 0 && <Floors floors={home.data.floors} />}
                {home.data === undefined && home.fault !== undefined && (
                    <Banner tone="info" icon="offline">
                        {text("home.offline")}
                    </Banner>
                )}
            </div>
        </Page>
    );
}

function Notice({ n, kind }: { n: number; kind: "refused" | "conflicts" }) {
    return (
        <Banner
            tone="warn"
            title={text(`home.${kind}`, { n })}
            action={<Button href={kind === "refused" ? pathTo("/unsent") : pathTo("/conflicts")}>{text("home.look")}</Button>}
        />
    );
}

function RackCard({ rack }: { rack: HeldRack }) {
    return (
        <a class="card card-link rack-card" href={pathTo("/count", rack.session_id)} onClick={unlockSound}>
            <div class="grow stack-tight">
                <span class="rack-name">
                    <Code>{rack.rack_id}</Code>
                </span>
                <span class="soft small">
                    <Data>{[rack.warehouse, rack.floor].filter((part) => part !== null).join(" · ")}</Data>
                </span>
                <span>
                    <LeaseChip rack={rack} />
                </span>
            </div>
            <span class="go-on">
                <Icon name="scan" />
                {text("home.go_on")}
            </span>
        </a>
    );
}

function Floors({ floors }: { floors: readonly Schema<"FloorRacks">[] }) {
    return (
        <section class="stack-tight">
            <h2>{text("home.floors")}</h2>
            <ul class="list">
                {floors.map((floor) => (
                    <li key={`${floor.warehouse ?? ""} ${floor.floor}`}>
                        <a class="list-row" href={`${base}/racks?floor=${encodeURIComponent(floor.floor)}`}>
                            <Ring share={floor.total === 0 ? 0 : floor.completed / floor.total} size={48} label={text("home.done", { done: floor.completed, total: floor.total })} />
                            <span class="grow">
                                <strong>
                                    <Data>{floor.floor}</Data>
                                </strong>
                                <div class="small soft">{floor.available > 0 ? text("home.floor_free", { n: floor.available }) : text(floor.completed === floor.total ? "home.all_done" : "home.none_free")}</div>
                            </span>
                            <Icon name="next" class="soft" />
                        </a>
                    </li>
                ))}
            </ul>
        </section>
    );
}
