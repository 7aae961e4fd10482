import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";

export type Filters<Name extends string> = { readonly [N in Name]: string };

/** What a list is narrowed to, in its address: so that the way back leads to the same list. */
export function useFilters<Name extends string>(...names: readonly Name[]): [Filters<Name>, (changes: Partial<Filters<Name>>) => void] {
    const { path, query, route } = useLocation();
    const filters = Object.fromEntries(names.map((name) => [name, query[name] ?? ""])) as Filters<Name>;
    const change = (changes: Partial<Filters<Name>>): void => {
        const told = Object.entries({ ...filters, ...changes }).filter(([, value]) => value !== "") as [string, string][];
        route(told.length === 0 ? path : `${path}?${new URLSearchParams(told).toString()}`, true);
    };
    return [filters, change];
}

/** The filters that are set, as a call's query. */
export function queryOf<Name extends string>(filters: Filters<Name>): { [N in Name]?: string } {
    return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== "")) as { [N in Name]?: string };
}

/** What is typed, and what of it counts: the server is asked when the fingers rest. */
export function useTyped(value: string, settle: (value: string) => void): [string, (value: string) => void] {
    const [typed, setTyped] = useState(value);
    useEffect(() => setTyped(value), [value]);
    useEffect(() => {
        if (typed === value) return;
        const timer = setTimeout(() => settle(typed), 300);
        return () => clearTimeout(timer);
    }, [typed]);
    return [typed, setTyped];
}
