import { useState } from "preact/hooks";
import { currentUser } from "../../session.js";
import { Select } from "../../ui/field.js";
import { text } from "./texts.js";

/** Those that answers named since the app began: one that is limited to a warehouse names no other. */
const known = new Set<string>();

/** The warehouse that is looked at; "" is all. It stands in the page's address, so that a reload keeps it. */
export function useWarehouse(): readonly [string, (warehouse: string) => void] {
    const [warehouse, setWarehouse] = useState(() => new URLSearchParams(location.search).get("warehouse") ?? currentUser()?.warehouse ?? "");
    const choose = (chosen: string): void => {
        const address = new URL(location.href);
        address.searchParams.set("warehouse", chosen);
        history.replaceState(history.state, "", address);
        setWarehouse(chosen);
    };
    return [warehouse, choose];
}

interface WarehouseChoiceProps {
    value: string;
    onChange: (warehouse: string) => void;
    /** Of an answer that names warehouses. */
    floors: readonly { warehouse: string }[] | undefined;
}

/** Offers the warehouses that were seen by now; nothing where there is only one. */
export function WarehouseChoice({ value, onChange, floors = [] }: WarehouseChoiceProps) {
    for (const floor of floors) known.add(floor.warehouse);
    if (value !== "") known.add(value);
    if (known.size < 2 && value === "") return null;
    const options = [{ value: "", label: text("warehouse.all") }, ...[...known].sort().map((name) => ({ value: name, label: name, isData: true }))];
    return (
        <div class="warehouse-choice">
            <Select label={text("warehouse")} value={value} options={options} onChange={onChange} />
        </div>
    );
}
