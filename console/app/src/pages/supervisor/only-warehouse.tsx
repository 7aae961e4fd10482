import { Button } from "../../ui/button.js";
import { Chip } from "../../ui/surface.js";
import { Data } from "../../ui/text.js";
import { text } from "./texts.js";

/** Says that a list is of one warehouse, and leads to that of all. */
export function OnlyWarehouse({ warehouse, all }: { warehouse: string | undefined; all: string }) {
    if (warehouse === undefined) return null;
    return (
        <div class="row">
            <Chip icon="filter">
                <Data>{warehouse}</Data>
            </Chip>
            <Button href={all}>{text("counts.all_warehouses")}</Button>
        </div>
    );
}
