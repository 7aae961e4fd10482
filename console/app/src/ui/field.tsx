import type { ComponentChildren } from "preact";
import { useEffect, useId } from "preact/hooks";
import { Icon } from "./icon.js";

interface FieldProps {
    label: string;
    hint?: string;
    fault?: string | undefined;
    children: (ids: { id: string; "aria-describedby": string | undefined; "aria-invalid": boolean }) => ComponentChildren;
}

/** A label, what is entered, and what is wrong with it, tied together for readers of the screen. */
export function Field({ label, hint, fault, children }: FieldProps) {
    const id = useId();
    // What a button refused is corrected in the first field that is wrong.
    useEffect(() => {
        const field = document.getElementById(id);
        const form = field?.closest("form");
        if (fault === undefined || form?.querySelector('[aria-invalid="true"]') !== field) return;
        if (document.activeElement instanceof HTMLButtonElement && form?.contains(document.activeElement) === true) field?.focus();
    }, [fault !== undefined]);
    const described = [hint === undefined ? "" : `${id}-hint`, fault === undefined ? "" : `${id}-fault`].join(" ").trim();
    return (
        <div class="field">
            <label for={id}>{label}</label>
            {children({ id, "aria-describedby": described === "" ? undefined : described, "aria-invalid": fault !== undefined })}
            {hint !== undefined && (
                <span class="field-hint" id={`${id}-hint`}>
                    {hint}
                </span>
            )}
            {fault !== undefined && (
                <span class="field-fault" id={`${id}-fault`} role="alert">
                    <Icon name="warning" />
                    {fault}
                </span>
            )}
        </div>
    );
}

interface TextFieldProps {
    label: string;
    value: string;
    onInput: (value: string) => void;
    hint?: string;
    fault?: string | undefined;
    type?: "text" | "password" | "date" | "search" | "email" | "number" | "datetime-local" | "time";
    name?: string;
    inputMode?: "text" | "numeric" | "decimal" | "none" | "search";
    autocomplete?: string;
    placeholder?: string;
    required?: boolean;
    maxLength?: number;
    /** Codes: from left to right, no capitals or corrections by the keyboard. */
    code?: boolean;
    autofocus?: boolean;
}

export function TextField({ label, value, onInput, hint, fault, code = false, type = "text", ...rest }: TextFieldProps) {
    return (
        <Field label={label} {...(hint === undefined ? {} : { hint })} fault={fault}>
            {(ids) => (
                <input
                    {...ids}
                    {...rest}
                    class={code ? "input code" : "input"}
                    type={type as "text"}
                    dir={code ? "ltr" : "auto"}
                    autocapitalize={code ? "off" : undefined}
                    spellcheck={code ? false : undefined}
                    value={value}
                    onInput={(event) => onInput(event.currentTarget.value)}
                />
            )}
        </Field>
    );
}

interface TextAreaProps {
    label: string;
    value: string;
    onInput: (value: string) => void;
    hint?: string;
    fault?: string | undefined;
    maxLength?: number;
}

export function TextArea({ label, value, onInput, hint, fault, maxLength }: TextAreaProps) {
    return (
        <Field label={label} {...(hint === undefined ? {} : { hint })} fault={fault}>
            {(ids) => <textarea {...ids} class="input" dir="auto" maxLength={maxLength} value={value} onInput={(event) => onInput(event.currentTarget.value)} />}
        </Field>
    );
}

interface SelectProps<Value extends string> {
    label: string;
    value: Value;
    /** `isData`: a name that somebody wrote, which is not translated. */
    options: readonly { value: Value; label: string; isData?: boolean }[];
    onChange: (value: Value) => void;
    hint?: string;
    fault?: string | undefined;
}

export function Select<Value extends string>({ label, value, options, onChange, hint, fault }: SelectProps<Value>) {
    return (
        <Field label={label} {...(hint === undefined ? {} : { hint })} fault={fault}>
            {(ids) => (
                <select {...ids} class="input" value={value} onChange={(event) => onChange(event.currentTarget.value as Value)}>
                    {options.map((option) => (
                        <option key={option.value} value={option.value} translate={option.isData === true ? false : undefined}>
                            {option.label}
                        </option>
                    ))}
                </select>
            )}
        </Field>
    );
}

export function Check({ label, checked, onChange, hint }: { label: string; checked: boolean; onChange: (checked: boolean) => void; hint?: string }) {
    const id = useId();
    return (
        <div class="field">
            <label class="check" for={id}>
                <input id={id} type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
                <span>{label}</span>
            </label>
            {hint !== undefined && <span class="field-hint">{hint}</span>}
        </div>
    );
}
