import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { shellText } from "../i18n/shell.js";
import { Button } from "./button.js";

interface DialogProps {
    title: string;
    onClose: () => void;
    children: ComponentChildren;
    actions?: ComponentChildren;
}

/** Over the page until it is answered or closed; Escape closes it, and the focus goes back to where it was. */
export function Dialog({ title, onClose, children, actions }: DialogProps) {
    const element = useRef<HTMLDialogElement>(null);
    const id = useId();
    useEffect(() => {
        const dialog = element.current;
        if (dialog === null) return;
        dialog.showModal();
        return () => dialog.close();
    }, []);
    return (
        <dialog
            ref={element}
            class="dialog"
            aria-labelledby={id}
            onCancel={(event) => {
                event.preventDefault();
                onClose();
            }}
            onClick={(event) => {
                if (event.target === element.current) onClose();
            }}
        >
            <div class="dialog-body">
                <div class="dialog-head">
                    <h2 id={id}>{title}</h2>
                    <Button kind="plain" icon="close" label={shellText("close")} onClick={onClose} />
                </div>
                {children}
                {actions !== undefined && <div class="dialog-actions">{actions}</div>}
            </div>
        </dialog>
    );
}

export interface Question {
    title: string;
    text?: string;
    confirm: string;
    danger?: boolean;
    cancel?: string;
}

const asked = signal<(Question & { answer: (yes: boolean) => void }) | null>(null);

/** Asks before what can't be taken back. */
export function ask(question: Question): Promise<boolean> {
    asked.value?.answer(false);
    return new Promise((resolve) => {
        asked.value = {
            ...question,
            answer: (yes) => {
                asked.value = null;
                resolve(yes);
            },
        };
    });
}

export function Questions() {
    const question = asked.value;
    if (question === null) return null;
    return (
        <Dialog
            title={question.title}
            onClose={() => question.answer(false)}
            actions={
                <>
                    <Button kind={question.danger === true ? "danger" : "primary"} onClick={() => question.answer(true)}>
                        {question.confirm}
                    </Button>
                    <Button onClick={() => question.answer(false)}>{question.cancel ?? shellText("cancel")}</Button>
                </>
            }
        >
            {question.text !== undefined && <p>{question.text}</p>}
        </Dialog>
    );
}
