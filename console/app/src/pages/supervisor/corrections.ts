/** What of an item may be corrected: how it is called and found, and never what the books say of it. */
export const correctable = ["item_name", "description", "manual_barcode", "category", "subcategory", "brand_name", "supplier_name", "floor", "rack", "location", "sales_price", "mrp"] as const;
export type Correctable = (typeof correctable)[number];

export const isNumber = (field: Correctable): field is "sales_price" | "mrp" => field === "sales_price" || field === "mrp";

type Item = { readonly [Field in Correctable]?: string | number | null };

/** Fields as they are typed. */
export type Typed = { readonly [Field in Correctable]: string };

export const typedOf = (item: Item): Typed => Object.fromEntries(correctable.map((field) => [field, item[field] === null || item[field] === undefined ? "" : String(item[field])])) as Typed;

/** What is to be corrected, of what was typed: a field that was emptied is what the ERP says again. `undefined`: a price is no number. */
export function changesOf(item: Item, typed: Typed): { [field: string]: string | number | null } | undefined {
    const before = typedOf(item);
    const changes: { [field: string]: string | number | null } = {};
    for (const field of correctable) {
        const now = typed[field].trim();
        if (now === before[field]) continue;
        if (now === "") changes[field] = null;
        else if (isNumber(field)) {
            const number = Number(now.replace(",", "."));
            if (!Number.isFinite(number) || number < 0) return undefined;
            changes[field] = number;
        } else changes[field] = now;
    }
    return changes;
}
