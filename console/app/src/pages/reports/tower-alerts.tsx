import { useLiveReload } from "../../live.js";
import { useLoad } from "../../load.js";
import { client } from "../../session.js";
import { Banner } from "../../ui/surface.js";
import { text } from "./texts.js";
import { alertIcon, alertText } from "./words.js";

/** The rules look at minutes and hours: more often than this nothing new comes of them. */
const pause = 20_000;

/** What looks wrong. The page stands before these are known. */
export function TowerAlerts({ warehouse }: { warehouse: string }) {
    const { data, reload } = useLoad((signal) => client.call("get", "/api/admin/alerts", { query: warehouse === "" ? {} : { warehouse }, signal }), [warehouse]);
    useLiveReload(["rack.", "session."], reload, undefined, pause);
    if (data === undefined) return null;
    return (
        <section class="stack-tight">
            <h2>{text("dashboard.alerts")}</h2>
            {data.length === 0 && <p class="soft">{text("alert.none")}</p>}
            {data.map((alert) => (
                <Banner key={`${alert.rule} ${alert.session_id ?? ""} ${alert.user_id ?? ""}`} tone="warn" icon={alertIcon(alert)} title={text(`alert.${alert.rule}_name`)}>
                    {alertText(alert)}
                </Banner>
            ))}
        </section>
    );
}
