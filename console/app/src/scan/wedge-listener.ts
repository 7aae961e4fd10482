import { type KeyLayout, type KeyPress, signOf } from "./keys.js";
import { Wedge } from "./wedge.js";

type Field = HTMLInputElement | HTMLTextAreaElement;

const typedInto = /^(?:text|search|number|tel|url|email|password|date|)$/;

function fieldOf(target: EventTarget | null): Field | null {
    if (target instanceof HTMLTextAreaElement) return target;
    return target instanceof HTMLInputElement && typedInto.test(target.type) ? target : null;
}

/**
 * Signs bear the time at which they were typed, and a busy page hears them later, by as many milliseconds at most. From a
 * scanner that ends its codes in a key the end is to come, and half a code must not be taken for one: that waits longer.
 */
const late = { withEnd: 1000, withoutEnd: 80 };

/** Where nobody types words: what comes there at once is no word of an input method's. */
const isForNumbers = (field: Field): boolean => /^(?:none|numeric|decimal)$/.test(field.inputMode);

const isSecret = (field: Field | null): boolean => field instanceof HTMLInputElement && field.type === "password";

export interface WedgeParts {
    /** `presses`: the keys behind it, where a keyboard typed it. */
    onScan: (text: string, presses: readonly KeyPress[]) => void;
    layout: () => KeyLayout;
    /** Whether anybody has a use for scans now: else keys are left alone. */
    isWanted: () => boolean;
    /** What the catching field is called for readers of the screen. */
    label: string;
}

/**
 * Hears scanners that type, whatever has the focus: keys, and on Android text that an input method commits without keys,
 * through a field that brings up no keyboard. What a scan put into somebody's field is put back.
 */
class WedgeListener {
    readonly #wedge: Wedge;
    readonly #catcher = document.createElement("input");
    #before: { field: Field; value: string; start: number | null; end: number | null } | null = null;
    #caught = 0;
    #typed = false;
    /** Whether the scanner ends its codes in a key, as most do. */
    #hasEnd = true;
    #presses: KeyPress[] = [];
    #timer: ReturnType<typeof setTimeout> | undefined;

    constructor(private readonly parts: WedgeParts) {
        this.#wedge = new Wedge((text) => parts.onScan(text, this.#presses));
        Object.assign(this.#catcher, { type: "text", inputMode: "none", autocomplete: "off", tabIndex: -1, className: "visually-hidden" });
        this.#catcher.setAttribute("aria-label", parts.label);
        this.#catcher.setAttribute("autocapitalize", "off");
    }

    start(): () => void {
        const stop = new AbortController();
        const options = { capture: true, signal: stop.signal };
        document.addEventListener("keydown", (event) => this.#keyDown(event), options);
        document.addEventListener("beforeinput", (event) => this.#beforeInput(event), options);
        // Only devices without a keyboard of their own have input methods that commit without keys.
        if (matchMedia("(pointer: coarse)").matches) {
            document.body.append(this.#catcher);
            this.#catcher.addEventListener("input", (event) => this.#commit(event.timeStamp), { signal: stop.signal });
            document.addEventListener("focusout", () => queueMicrotask(() => this.#catch()), { signal: stop.signal });
            document.addEventListener("click", () => queueMicrotask(() => this.#catch()), { signal: stop.signal });
            this.#catch();
        }
        return () => {
            stop.abort();
            clearTimeout(this.#timer);
            this.#catcher.remove();
        };
    }

    /** Whenever nothing else is entered into, the catching field has the focus: then committed text has a place to go. */
    #catch(): void {
        const active = document.activeElement;
        if (!this.parts.isWanted() || document.querySelector("dialog[open]") !== null || fieldOf(active) !== null || active instanceof HTMLSelectElement) return;
        if (active === null || active === document.body || active instanceof HTMLButtonElement || active instanceof HTMLHeadingElement || active?.id === "content") this.#catcher.focus({ preventScroll: true });
    }

    #keyDown(event: KeyboardEvent): void {
        const field = fieldOf(event.target);
        if (event.isComposing || event.keyCode === 229 || isSecret(field) || !this.parts.isWanted()) return;
        const isCaught = field === this.#catcher;
        if (event.key === "Enter" || event.key === "Tab") {
            if (this.#wedge.end(event.timeStamp)) {
                this.#hasEnd = true;
                this.#swallow(event);
            }
            this.#later();
            return;
        }
        const sign = signOf(event, this.parts.layout());
        if (sign === null && signOf(event, "american") === null) return;
        this.#settle(event.timeStamp);
        const isFirst = this.#wedge.isIdle;
        if (isFirst) this.#presses = [];
        const { key, code, shiftKey, ctrlKey, metaKey, altKey } = event;
        this.#presses.push({ key, code, shiftKey, ctrlKey, metaKey, altKey });
        if (sign === null) return;
        const inField = field !== null && !isCaught;
        if (inField && isFirst) this.#remember(field);
        const verdict = this.#wedge.signs(sign, event.timeStamp, inField);
        if (inField && verdict === "pass" && !isFirst && this.#before === null) this.#remember(field);
        if (verdict === "revert") this.#restore();
        this.#typed = verdict === "pass";
        // The first sign outside a field may be a person's: space on a button, a shortcut.
        if (isCaught || (inField ? verdict !== "pass" : !isFirst) || event.ctrlKey) this.#swallow(event);
        this.#later();
    }

    #beforeInput(event: InputEvent): void {
        const field = fieldOf(event.target);
        if (field === null || field === this.#catcher || isSecret(field) || event.inputType !== "insertText" || event.data === null || !this.parts.isWanted()) return;
        if (this.#typed) {
            this.#typed = false;
            return;
        }
        if ([...event.data].length > 1 && !isForNumbers(field)) return;
        this.#settle(event.timeStamp);
        if (this.#wedge.isIdle) this.#remember(field);
        const verdict = this.#wedge.signs(event.data, event.timeStamp, true);
        if (verdict === "revert") this.#restore();
        if (verdict !== "pass") event.preventDefault();
        this.#later();
    }

    /** What has come to the catching field since last time. It is emptied only when nothing is under way, so no sign is lost. */
    #commit(at: number): void {
        const { value } = this.#catcher;
        const news = value.length >= this.#caught ? value.slice(this.#caught) : value;
        this.#caught = value.length;
        if (news !== "") this.#wedge.signs(news, at, false);
        if (this.#wedge.isIdle) this.#empty();
        this.#later();
    }

    #empty(): void {
        this.#catcher.value = "";
        this.#caught = 0;
    }

    #remember(field: Field): void {
        const hasSelection = field instanceof HTMLTextAreaElement || /^(?:text|search|tel|url|password)$/.test(field.type);
        this.#before = { field, value: field.value, start: hasSelection ? field.selectionStart : null, end: hasSelection ? field.selectionEnd : null };
    }

    #restore(): void {
        if (this.#before === null) return;
        const { field, value, start, end } = this.#before;
        field.value = value;
        if (start !== null) field.setSelectionRange(start, end);
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }

    #swallow(event: Event): void {
        event.preventDefault();
        event.stopPropagation();
    }

    #settle(at: number): void {
        if (this.#wedge.settle(at)) this.#hasEnd = false;
    }

    #later(): void {
        clearTimeout(this.#timer);
        const { due } = this.#wedge;
        if (due === null) return;
        this.#timer = setTimeout(() => {
            this.#settle(Math.max(due, performance.now()));
            if (this.#wedge.isIdle && this.#caught > 0) this.#empty();
        }, Math.max(0, due - performance.now()) + (this.#hasEnd ? late.withEnd : late.withoutEnd));
    }
}

export function listenToWedge(parts: WedgeParts): () => void {
    return new WedgeListener(parts).start();
}
