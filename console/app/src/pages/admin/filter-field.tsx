import { TextField } from "../../ui/field.js";
import { useTyped } from "./filters.js";

interface FilterFieldProps {
    label: string;
    value: string;
    onChange: (value: string) => void;
    type?: "search" | "date";
    code?: boolean;
}

/** A text that narrows a list while it is typed. */
export function FilterField({ label, value, onChange, type = "search", code = false }: FilterFieldProps) {
    const [typed, setTyped] = useTyped(value, onChange);
    return <TextField label={label} type={type} value={typed} onInput={setTyped} code={code} maxLength={128} autocomplete="off" />;
}
