import { useSignal } from "@preact/signals";
import { useCallback, useEffect, useMemo, useRef } from "preact/hooks";
import { language } from "../../i18n/catalogue.js";
import { useLive } from "../../live.js";
import { useLoad } from "../../load.js";
import { client } from "../../session.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { EmptyState } from "../../ui/surface.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { LiveChip } from "./live-chip.js";
import { RackDialog } from "./rack-dialog.js";
import { FloorMap } from "./rack-map.js";
import { text } from "./texts.js";
import { Tower } from "./tower.js";
import { TowerActivity } from "./tower-activity.js";
import { TowerAlerts } from "./tower-alerts.js";
import { TowerSearch } from "./tower-search.js";
import { TowerPeople } from "./tower-people.js";
import { useWarehouse, WarehouseChoice } from "./warehouse.js";

/** Heartbeats tell no event while nothing changes: so often they are read. */
const heartbeats = 30_000;

/** The floor as it is this moment: who is where, what is done, what looks wrong. */
export function WatchtowerPage() {
    const [warehouse, choose] = useWarehouse();
    const tower = useMemo(() => new Tower(() => Date.now()), [warehouse]);
    const opened = useSignal<string | null>(null);
    const loaded = useLoad(
        async (signal) => {
            tower.asking();
            const answer = await client.call("get", "/api/admin/watchtower", { query: warehouse === "" ? {} : { warehouse }, signal });
            if (!signal.aborted) tower.told(answer);
            return { warehouse: answer.warehouse, floors: answer.floors.map((floor) => ({ warehouse: floor.warehouse })), isEmpty: answer.racks.length === 0 };
        },
        [warehouse],
    );
    const read = useReadSometimes(loaded.reload);
    useLive(["rack.", "session.", "count.", "review.", "recount."], (events) => void (tower.take(events) && read()), () => void loaded.reload());
    const open = useCallback((rackId: string) => void (opened.value = rackId), []);
    return (
        <Page title={text("watchtower.title")} wide actions={<LiveChip />}>
            <div class="stack">
                <WarehouseChoice value={warehouse} onChange={choose} floors={loaded.data?.floors} />
                <Loading of={loaded} rows={4} height={160}>
                    {({ isEmpty }) => (isEmpty ? <EmptyState icon="rack" title={text("watchtower.no_racks")} text={text("watchtower.no_racks_text")} /> : <Content tower={tower} warehouse={warehouse} onOpen={open} />)}
                </Loading>
            </div>
            <RackDialog tower={tower} opened={opened} />
            <ZoneNote />
        </Page>
    );
}

function Content({ tower, warehouse, onOpen }: { tower: Tower; warehouse: string; onOpen: (rackId: string) => void }) {
    const floors = tower.floors.value;
    // Each rack paints itself: what is read anew must not paint the map of all of them again.
    const map = useMemo(() => floors.map((floor) => <FloorMap key={floor.name} floor={floor} tower={tower} onOpen={onOpen} />), [floors, tower, onOpen, language()]);
    return (
        <div class="tower">
            <div class="stack tower-map">
                <TowerSearch tower={tower} onOpen={onOpen} />
                {map}
            </div>
            <div class="stack tower-side">
                <TowerAlerts warehouse={warehouse} />
                <TowerPeople tower={tower} onOpen={onOpen} />
                <TowerActivity tower={tower} />
            </div>
        </div>
    );
}

/** At most once a second when it is asked for, and twice a minute while the page is seen. */
function useReadSometimes(reload: () => Promise<void>): () => void {
    const waits = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
    const latest = useRef(reload);
    latest.current = reload;
    useEffect(() => {
        const again = setInterval(() => {
            if (document.visibilityState === "visible") void latest.current();
        }, heartbeats);
        return () => {
            clearInterval(again);
            clearTimeout(waits.current);
        };
    }, []);
    return () => {
        waits.current ??= setTimeout(() => {
            waits.current = undefined;
            void latest.current();
        }, 1000);
    };
}
