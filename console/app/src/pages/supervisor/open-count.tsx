import { Refused } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";
import { faultText } from "../../faults.js";
import { useLoad } from "../../load.js";
import { pathTo } from "../../paths.js";
import { client, currentUser } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Check, Select, TextField } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Segments } from "../../ui/segments.js";
import { Banner, Skeleton } from "../../ui/surface.js";
import { RackPicker, type ScopeRack } from "./rack-picker.js";
import { limitOf, type Limits, noLimits, racksInScope, type Scope } from "./scope.js";
import { text } from "./texts.js";

const kinds = ["plain", "blind", "strict"] as const;
const scopes = ["all", "floor", "zone", "racks"] as const;

/** A count begins: where, how much counters may see, and what is counted again by itself. */
export function OpenCountPage() {
    const { route } = useLocation();
    const warehouses = useLoad((signal) => client.call("get", "/api/warehouses", { signal }), []);
    const [chosen, setChosen] = useState<string | null>(null);
    const warehouse = chosen ?? currentUser()?.warehouse ?? warehouses.data?.[0]?.warehouse ?? "";
    const floors = warehouses.data?.find((each) => each.warehouse === warehouse)?.floors ?? [];
    const [name, setName] = useState("");
    const [kind, setKind] = useState<(typeof kinds)[number]>("blind");
    const [scope, setScope] = useState<Scope>({ by: "all", floor: "", zone: "", racks: new Set() });
    const [limits, setLimits] = useState<Limits>(noLimits);
    const [fault, setFault] = useState<string | undefined>(undefined);
    const racks = useLoad(async (signal): Promise<readonly ScopeRack[]> => {
        if (scope.by !== "zone" && scope.by !== "racks") return [];
        return (await client.call("get", "/api/admin/watchtower", { query: { warehouse }, signal })).racks;
    }, [scope.by === "zone" || scope.by === "racks", warehouse]);
    const zones = [...new Set(racks.data?.flatMap((rack) => (rack.zone === null ? [] : [rack.zone])) ?? [])].sort();
    const floor = floors.includes(scope.floor) ? scope.floor : (floors[0] ?? "");
    const zone = zones.includes(scope.zone) ? scope.zone : (zones[0] ?? "");
    const places = racksInScope({ ...scope, floor, zone }, racks.data ?? []);

    const open = async (): Promise<void> => {
        const tolerance = { percent: limitOf(limits.percent), quantity: limitOf(limits.quantity), value: limitOf(limits.value) };
        if (Object.values(tolerance).includes(undefined)) return setFault(text("open.fault.limit"));
        if (places !== null && places.length === 0) return setFault(text("open.fault.no_racks"));
        if (places !== null && places.length > 1000) return setFault(text("open.fault.too_many"));
        setFault(undefined);
        const hasLimits = Object.values(tolerance).some((limit) => limit !== null);
        try {
            const count = await client.call("post", "/api/sessions", {
                body: {
                    warehouse,
                    blind: kind === "blind",
                    strict: kind === "strict",
                    ...(name.trim() === "" ? {} : { name: name.trim() }),
                    ...(scope.by === "floor" ? { floor } : {}),
                    ...(places === null ? {} : { racks: places }),
                    ...(hasLimits ? { tolerance: { percent: tolerance.percent ?? null, quantity: tolerance.quantity ?? null, value: tolerance.value ?? null, different_user: limits.differentUser } } : {}),
                },
            });
            route(pathTo("/counts", count.session_id));
        } catch (reason) {
            setFault(reason instanceof Refused && reason.details[0] !== undefined ? reason.details[0].message : faultText(reason));
        }
    };

    return (
        <Page title={text("open.title")} back={pathTo("/counts")}>
            <Loading of={warehouses} rows={4}>
                {(all) => (
                    <form
                        class="stack"
                        onSubmit={(event) => {
                            event.preventDefault();
                        }}
                    >
                        <TextField label={text("open.name")} hint={text("open.name_hint")} value={name} onInput={setName} maxLength={200} name="name" />
                        {all.length > 1 && <Select label={text("open.warehouse")} value={warehouse} options={all.map((each) => ({ value: each.warehouse, label: each.name ?? each.warehouse, isData: true }))} onChange={setChosen} />}
                        <div class="stack-tight">
                            <h2>{text("open.kind")}</h2>
                            <Segments label={text("open.kind")} value={kind} options={kinds.map((value) => ({ value, label: text(`open.kind.${value}`) }))} onChange={setKind} />
                            <p class="small soft">{text(`open.kind.${kind}_text`)}</p>
                        </div>
                        <div class="stack-tight">
                            <h2>{text("open.scope")}</h2>
                            <Segments label={text("open.scope")} value={scope.by} options={scopes.map((value) => ({ value, label: text(`open.scope.${value}`) }))} onChange={(by) => setScope({ ...scope, by })} />
                            {scope.by === "floor" && <Select label={text("open.scope.floor")} value={floor} options={floors.map((value) => ({ value, label: value, isData: true }))} onChange={(value) => setScope({ ...scope, floor: value })} />}
                            {(scope.by === "zone" || scope.by === "racks") && (
                                <Loading of={racks} rows={3} height={48}>
                                    {(found) =>
                                        racks.loading && found.length === 0 ? (
                                            <Skeleton rows={3} height={48} />
                                        ) : scope.by === "zone" ? (
                                            zones.length === 0 ? (
                                                <Banner tone="info">{text("open.no_zones")}</Banner>
                                            ) : (
                                                <Select label={text("open.scope.zone")} hint={text("open.zone_racks", { n: places?.length ?? 0 })} value={zone} options={zones.map((value) => ({ value, label: value, isData: true }))} onChange={(value) => setScope({ ...scope, zone: value })} />
                                            )
                                        ) : (
                                            <RackPicker racks={found} chosen={scope.racks} onChange={(chosenRacks) => setScope({ ...scope, racks: chosenRacks })} />
                                        )
                                    }
                                </Loading>
                            )}
                        </div>
                        <details>
                            <summary>{text("open.tolerance")}</summary>
                            <div class="stack inside">
                                <p class="small soft">{text("open.tolerance_text")}</p>
                                <div class="three">
                                    <TextField label={text("open.limit.percent")} value={limits.percent} onInput={(percent) => setLimits({ ...limits, percent })} inputMode="decimal" />
                                    <TextField label={text("open.limit.quantity")} value={limits.quantity} onInput={(quantity) => setLimits({ ...limits, quantity })} inputMode="decimal" />
                                    <TextField label={text("open.limit.value")} value={limits.value} onInput={(value) => setLimits({ ...limits, value })} inputMode="decimal" />
                                </div>
                                <Check label={text("recount.different_user")} checked={limits.differentUser} onChange={(differentUser) => setLimits({ ...limits, differentUser })} />
                            </div>
                        </details>
                        {fault !== undefined && <Banner tone="bad">{fault}</Banner>}
                        <Button kind="primary" size="large" wide icon="flag" type="submit" onClick={open}>
                            {text("open.submit")}
                        </Button>
                    </form>
                )}
            </Loading>
        </Page>
    );
}
