import { number } from "../../i18n/format.js";
import { Icon } from "../../ui/icon.js";
import { text } from "./texts.js";

const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", ".", "0", "erase"] as const;

/** The own keypad: no keyboard of the device comes up over the list. */
export function Keypad({ onKey }: { onKey: (key: string) => void }) {
    return (
        <div class="keypad" dir="ltr">
            {keys.map((key) => (
                <button key={key} type="button" class="pin-key" aria-label={key === "erase" ? text("item.erase") : key === "." ? text("item.decimal") : undefined} onClick={() => onKey(key)}>
                    {key === "erase" ? <Icon name="backspace" /> : key === "." ? "." : number(Number(key))}
                </button>
            ))}
        </div>
    );
}
