import { useEffect, useRef, useState } from "preact/hooks";
import { number } from "../../i18n/format.js";
import { shellText } from "../../i18n/shell.js";
import { Button } from "../../ui/button.js";
import { Icon } from "../../ui/icon.js";

const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const;
const longest = 12;
const shortest = 6;

/** Digits under a thumb, or typed. How many a PIN has is not told: so it ends by a button. */
export function PinPad({ fault, submit, onEnter }: { fault: string | undefined; submit: string; onEnter: (pin: string) => Promise<void> }) {
    const [pin, setPin] = useState("");
    const entered = useRef(pin);
    entered.current = pin;
    const add = (digit: number): void => setPin((before) => (before + String(digit)).slice(0, longest));
    const erase = (): void => setPin((before) => before.slice(0, -1));
    const enter = async (): Promise<void> => {
        if (entered.current.length < shortest) return;
        await onEnter(entered.current);
        setPin("");
    };
    useEffect(() => {
        const typed = (event: KeyboardEvent): void => {
            if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
            if (/^[0-9]$/.test(event.key)) add(Number(event.key));
            else if (event.key === "Backspace") erase();
            else if (event.key === "Enter" && !(event.target instanceof HTMLButtonElement)) void enter();
        };
        addEventListener("keydown", typed);
        return () => removeEventListener("keydown", typed);
    }, []);
    return (
        <div class="stack">
            <div class="pin-dots" role="status" aria-label={shellText("login.pin")}>
                {Array.from({ length: Math.max(shortest, pin.length) }, (_, index) => (
                    <span key={index} class={index < pin.length ? "pin-dot pin-dot-full" : "pin-dot"} />
                ))}
            </div>
            {fault !== undefined && (
                <p class="field-fault" role="alert">
                    <Icon name="warning" />
                    {fault}
                </p>
            )}
            <div class="pin-pad" dir="ltr">
                {digits.map((digit) => (
                    <button key={digit} type="button" class="pin-key" aria-label={shellText("login.digit", { digit })} onClick={() => add(digit)}>
                        {number(digit)}
                    </button>
                ))}
                <button type="button" class="pin-key pin-key-plain" aria-label={shellText("login.erase")} onClick={erase}>
                    <Icon name="backspace" />
                </button>
                <button type="button" class="pin-key" aria-label={shellText("login.digit", { digit: 0 })} onClick={() => add(0)}>
                    {number(0)}
                </button>
                <span />
            </div>
            <Button kind="primary" size="large" wide disabled={pin.length < shortest} onClick={enter}>
                {submit}
            </Button>
        </div>
    );
}
