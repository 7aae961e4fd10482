import { isPassing, type Schema } from "@stockverify/client";
import { useLoad } from "../../load.js";
import { client, currentUser, racks } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Chip } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { useClaim } from "./claim.js";
import { nextRack, type PlacedRack } from "./rack-order.js";
import { text } from "./texts.js";

const toPlaced = ({ rack_id, floor, zone, status, assigned_to }: Schema<"Rack">): PlacedRack => ({ rack_id, floor, zone, status, ...(assigned_to == null ? {} : { assigned_to }) });

/** What is this person's and what is free near the last rack; without network, as it was last seen. */
async function reachable(floor: string | undefined, signal: AbortSignal): Promise<readonly PlacedRack[]> {
    const ask = async (query: { floor?: string; limit: number }): Promise<PlacedRack[]> => (await client.call("get", "/api/racks/available", { query, signal })).items.map(toPlaced);
    try {
        return (await Promise.all([ask({ limit: 50 }), ...(floor === undefined ? [] : [ask({ floor, limit: 500 })])])).flat();
    } catch (fault) {
        if (!isPassing(fault)) throw fault;
        return client.pulledRacks();
    }
}

/** The next rack nearby, a tap away. */
export function NextRack({ after }: { after?: string | undefined }) {
    const last = racks.value.find((rack) => rack.session_id === after) ?? racks.value.findLast((rack) => rack.lease === "ended");
    const { data, fault } = useLoad((signal) => reachable(last?.floor, signal), [last?.rack_id]);
    const { claim, question } = useClaim();
    const userId = currentUser()?.user_id ?? "";
    const place = data?.find((rack) => rack.rack_id === last?.rack_id);
    const next = data === undefined ? undefined : nextRack(data, userId, last === undefined ? undefined : { zone: null, ...place, rack_id: last.rack_id, floor: last.floor, status: "completed" });
    // Its place is kept until it is known: what stands below must not move under a thumb.
    if (data === undefined && fault === undefined) return <div class="card skeleton next-rack" aria-hidden="true" />;
    if (next === undefined) return null;
    return (
        <section class="card row-apart next-rack">
            <div class="grow stack-tight">
                <span class="small soft">{text("next.title")}</span>
                <span class="rack-name">
                    <Code>{next.rack_id}</Code>
                </span>
                <span class="small soft">
                    <Data>{[next.floor, next.zone].filter((part) => part !== null).join(" · ")}</Data>
                </span>
                {next.assigned_to !== undefined && (
                    <span>
                        <Chip tone="info" icon="user">
                            {text("racks.yours")}
                        </Chip>
                    </span>
                )}
            </div>
            <Button kind="primary" icon="scan" onClick={() => claim(next.rack_id)}>
                {text("racks.take")}
            </Button>
            {question}
        </section>
    );
}
