import { useState } from "preact/hooks";
import { shellText } from "../../i18n/shell.js";
import { prefer, preferences } from "../../preferences.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Icon, type IconName } from "../../ui/icon.js";
import { text } from "./texts.js";

const steps: readonly { icon: IconName; key: "rack" | "scan" | "offline" | "finish" }[] = [
    { icon: "rack", key: "rack" },
    { icon: "scan", key: "scan" },
    { icon: "offline", key: "offline" },
    { icon: "flag", key: "finish" },
];

/** What a newcomer needs to know, in four short steps, once. */
export function Tour() {
    const [at, setAt] = useState(0);
    if (preferences.value.toured) return null;
    const step = steps[at];
    if (step === undefined) return null;
    const end = (): void => prefer({ toured: true });
    const isLast = at === steps.length - 1;
    return (
        <Dialog
            title={text(`tour.${step.key}`)}
            onClose={end}
            actions={
                <>
                    <Button kind="primary" onClick={() => (isLast ? end() : setAt(at + 1))}>{isLast ? text("tour.start") : text("tour.next")}</Button>
                    <Button kind="plain" onClick={end}>{text("tour.skip")}</Button>
                </>
            }
        >
            <div class="empty tour">
                <Icon name={step.icon} />
                <p>{text(`tour.${step.key}_text`)}</p>
                <span class="small soft">{text("tour.step", { at: at + 1, of: steps.length })}</span>
            </div>
            <span class="visually-hidden">{shellText("nav.count")}</span>
        </Dialog>
    );
}
