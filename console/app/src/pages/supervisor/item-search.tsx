import { useEffect, useState } from "preact/hooks";
import { useLoad } from "../../load.js";
import { client } from "../../session.js";
import { TextField } from "../../ui/field.js";
import { Icon } from "../../ui/icon.js";
import { Loading } from "../../ui/loading.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { Code, Data } from "../../ui/text.js";
import { text as decideText } from "./decide-texts.js";

/** Between the last key and the question. */
const pause = 250;

/** Items by code, barcode or a part of their name, the best first. */
export function ItemSearch({ first = "", onPick }: { first?: string; onPick: (item: string) => unknown }) {
    const [typed, setTyped] = useState(first);
    const [wanted, setWanted] = useState(first.trim());
    useEffect(() => {
        const timer = setTimeout(() => setWanted(typed.trim()), pause);
        return () => clearTimeout(timer);
    }, [typed]);
    const found = useLoad(async (signal) => (wanted === "" ? [] : (await client.call("get", "/api/erp/items/search", { query: { q: wanted, limit: 20 }, signal })).matches), [wanted]);
    return (
        <div class="stack-tight">
            <TextField label={decideText("search.label")} hint={decideText("search.hint")} type="search" value={typed} onInput={setTyped} maxLength={256} />
            <Loading of={found} rows={2} height={56}>
                {(matches) =>
                    matches.length === 0 ? (
                        <EmptyState icon="search" title={decideText(wanted === "" ? "search.type" : "search.nothing")} />
                    ) : (
                        <ul class="list">
                            {matches.map(({ item, exact }) => (
                                <li key={item.item_code}>
                                    <button type="button" class="list-row" onClick={() => onPick(item.item_code)}>
                                        <span class="grow">
                                            <strong><Code>{item.item_code}</Code></strong>
                                            <div class="small soft"><Data>{item.item_name ?? ""}</Data></div>
                                        </span>
                                        {exact === true && <Chip tone="ok">{decideText("search.exact")}</Chip>}
                                        <Icon name="next" class="soft" />
                                    </button>
                                </li>
                            ))}
                        </ul>
                    )
                }
            </Loading>
        </div>
    );
}
