import { useLocation } from "preact-iso";
import { pathTo } from "../../paths.js";
import { useScans } from "../../scan/scanner.js";
import { Page } from "../../ui/page.js";
import { text as decideText } from "./decide-texts.js";
import { ItemSearch } from "./item-search.js";

/** An item is looked for: by scanning it, or by what it is called. */
export function ItemsPage() {
    const { route, query } = useLocation();
    useScans((code) => route(`${pathTo("/items")}?q=${encodeURIComponent(code.trim())}`, true));
    return (
        <Page title={decideText("items.title")}>
            <ItemSearch key={query["q"] ?? ""} first={query["q"] ?? ""} onPick={(item) => route(pathTo("/items", item))} />
        </Page>
    );
}
