import type { RackItem } from "@stockverify/client";
import { Code, Data } from "../../ui/text.js";

/** An item as a list's row has it: its name, and its code below. */
export function ItemName({ item }: { item: RackItem }) {
    return (
        <span class="grow">
            <strong>
                <Data>{item.item_name ?? item.item_code}</Data>
            </strong>
            <div class="small soft">
                <Code>{item.item_code}</Code>
            </div>
        </span>
    );
}
