import type { Sorting } from "../../ui/table.js";

/** "-role" as the API says it, as tables say it. */
export const sortingOf = (sort: string): Sorting => (sort.startsWith("-") ? { key: sort.slice(1), descending: true } : { key: sort, descending: false });

export const sortOf = ({ key, descending }: Sorting): string => `${descending ? "-" : ""}${key}`;
