import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";
import { pathTo } from "../../paths.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { TextField } from "../../ui/field.js";
import { Icon } from "../../ui/icon.js";
import { askText, type Match } from "./ask-server.js";
import { ItemName } from "./item-name.js";
import { isPractice } from "./practice.js";
import type { RackWork } from "./rack-work.js";
import { text } from "./texts.js";

/** A code that no scanner reads, or a name: typed. */
export function ByHand({ work, onCode, onClose }: { work: RackWork; onCode: (code: string) => void; onClose: () => void }) {
    const { route } = useLocation();
    const [value, setValue] = useState("");
    const [there, setThere] = useState<readonly Match[]>([]);
    const wanted = value.trim().toLowerCase();
    const found = wanted.length < 2 ? [] : [...work.uncounted.value, ...work.lines.value.map((line) => line.item)].filter((item) => item.item_code.toLowerCase().includes(wanted) || item.item_name?.toLowerCase().includes(wanted) === true || item.barcodes.some((code) => code.includes(wanted))).slice(0, 20);
    // The server has items beside this rack's; whoever types is not asked about at each key.
    useEffect(() => {
        setThere([]);
        if (wanted.length < 3 || isPractice(work.rack.session_id)) return;
        const end = new AbortController();
        const timer = setTimeout(() => void askText(value.trim(), end.signal).then((answer) => !end.signal.aborted && setThere(answer?.matches ?? [])), 300);
        return () => {
            clearTimeout(timer);
            end.abort();
        };
    }, [wanted]);
    const elsewhere = there.filter(({ item }) => !found.some((each) => each.item_code === item.item_code));
    const open = ({ item }: Match): void => {
        work.meet({ item, code: null, pack: null });
        route(pathTo("/count", work.rack.session_id, "item", item.item_code));
    };
    return (
        <Dialog title={text("count.by_hand_title")} onClose={onClose}>
            <form
                class="stack"
                onSubmit={(event) => {
                    event.preventDefault();
                    if (wanted !== "") onCode(value.trim());
                }}
            >
                <TextField label={text("count.code")} hint={text("count.code_hint")} value={value} onInput={setValue} code autofocus />
                <ul class="list" hidden={found.length === 0}>
                    {found.map((item) => (
                        <li key={item.item_code}>
                            <a class="list-row" href={pathTo("/count", work.rack.session_id, "item", item.item_code)}>
                                <ItemName item={item} />
                                <Icon name="next" />
                            </a>
                        </li>
                    ))}
                </ul>
                {elsewhere.length > 0 && (
                    <section class="stack-tight">
                        <h3 class="small soft">{text("count.elsewhere")}</h3>
                        <ul class="list">
                            {elsewhere.map((match) => (
                                <li key={match.item.item_code}>
                                    <button type="button" class="list-row" onClick={() => open(match)}>
                                        <ItemName item={match.item} />
                                        <Icon name="next" />
                                    </button>
                                </li>
                            ))}
                        </ul>
                    </section>
                )}
                <Button kind="primary" size="large" wide type="submit" disabled={wanted === ""}>
                    {text("count.count_code")}
                </Button>
            </form>
        </Dialog>
    );
}
