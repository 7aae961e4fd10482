import { faultText } from "../../faults.js";
import { relative } from "../../office-format.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import type { IconName } from "../../ui/icon.js";
import { Loading } from "../../ui/loading.js";
import { notify } from "../../ui/notices.js";
import { Chip, type Tone } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import type { Schema } from "./api-types.js";
import { usePaged } from "./paged.js";
import { text } from "./texts.js";

type Delivery = Schema<"Delivery">;

const looks: { readonly [S in Delivery["status"]]: { tone: Tone; icon: IconName } } = {
    pending: { tone: "plain", icon: "clock" },
    sent: { tone: "ok", icon: "check" },
    failed: { tone: "bad", icon: "warning" },
};

/** What became of mailing it, recipient by recipient. */
export function Deliveries({ scheduleId }: { scheduleId: string }) {
    const loaded = usePaged((cursor, signal) => client.call("get", "/api/reports/schedules/{id}/deliveries", { path: { id: scheduleId }, query: { limit: 20, ...(cursor === undefined ? {} : { cursor }) }, signal }), [scheduleId]);
    const resend = async (delivery: Delivery): Promise<void> => {
        try {
            await client.call("post", "/api/reports/schedules/{id}/deliveries/{delivery_id}/resend", { path: { id: scheduleId, delivery_id: delivery.delivery_id } });
            await loaded.reload();
        } catch (fault) {
            notify({ tone: "bad", text: faultText(fault) });
        }
    };
    return (
        <section class="stack-tight">
            <h2>{text("delivery.title")}</h2>
            <Loading of={loaded} rows={2}>
                {({ items, next_cursor }) =>
                    items.length === 0 ? (
                        <p class="soft">{text("delivery.none")}</p>
                    ) : (
                        <>
                            <ul class="list">
                                {items.map((delivery) => (
                                    <li key={delivery.delivery_id} class="list-row">
                                        <span class="grow">
                                            <Code>{delivery.recipient}</Code>
                                            <div class="small soft">
                                                <time translate={false}>{relative(delivery.tried_at ?? delivery.created_at)}</time>
                                                {delivery.error !== null && (
                                                    <>
                                                        {" "}
                                                        · <Data>{delivery.error.message}</Data>
                                                    </>
                                                )}
                                            </div>
                                        </span>
                                        <Chip tone={looks[delivery.status].tone} icon={looks[delivery.status].icon}>
                                            {text(`delivery.${delivery.status}`)}
                                        </Chip>
                                        {delivery.status !== "pending" && (
                                            <Button kind="plain" icon="sync" label={text("delivery.resend", { who: delivery.recipient })} onClick={() => resend(delivery)} />
                                        )}
                                    </li>
                                ))}
                            </ul>
                            {next_cursor !== null && (
                                <Button wide onClick={loaded.more}>
                                    {text("more")}
                                </Button>
                            )}
                        </>
                    )
                }
            </Loading>
        </section>
    );
}
