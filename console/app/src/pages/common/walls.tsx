import type { KnownUser } from "@stockverify/client";
import { faultText } from "../../faults.js";
import { shellText } from "../../i18n/shell.js";
import { base } from "../../paths.js";
import { build } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Page } from "../../ui/page.js";
import { EmptyState } from "../../ui/surface.js";
import { Code } from "../../ui/text.js";

const toHome = () => (
    <Button kind="primary" icon="home" href={base}>
        {shellText("fault.to_home")}
    </Button>
);

export function MissingPage() {
    return (
        <Page title={shellText("fault.page_missing")} back={base}>
            <EmptyState icon="search" title={shellText("fault.page_missing")} text={shellText("fault.page_missing_text")} action={toHome()} />
        </Page>
    );
}

export function ForbiddenPage() {
    return (
        <Page title={shellText("fault.page_forbidden")} back={base}>
            <EmptyState icon="lock" title={shellText("fault.page_forbidden")} text={shellText("fault.page_forbidden_text")} action={toHome()} />
        </Page>
    );
}

/** Another person's login came to this browser: nothing of this tab's goes on. */
export function Locked({ user }: { user: KnownUser }) {
    return (
        <main class="login">
            <EmptyState
                icon="lock"
                title={shellText("locked.title")}
                text={shellText("locked.text", { name: user.full_name ?? user.username })}
                action={
                    <Button kind="primary" onClick={() => location.reload()}>
                        {shellText("locked.reload")}
                    </Button>
                }
            />
        </main>
    );
}

/** Nothing that is counted here could be kept: nobody may count. */
export function CannotStart({ fault }: { fault: unknown }) {
    return (
        <main class="login">
            <EmptyState
                icon="warning"
                title={shellText("start.failed")}
                text={faultText(fault)}
                action={
                    <Button kind="primary" icon="sync" onClick={() => location.reload()}>
                        {shellText("retry")}
                    </Button>
                }
            />
        </main>
    );
}

/** A page that broke: what to do, and what support asks for. */
export function Crash({ fault, retry }: { fault: unknown; retry: () => void }) {
    return (
        <Page title={shellText("fault.title")} back={base}>
            <EmptyState
                icon="warning"
                title={shellText("fault.title")}
                text={faultText(fault)}
                action={
                    <Button kind="primary" icon="sync" onClick={retry}>
                        {shellText("retry")}
                    </Button>
                }
            />
            <details class="small soft">
                <summary>{shellText("fault.details")}</summary>
                <Code>
                    {build} {location.pathname} {String(fault)}
                </Code>
            </details>
        </Page>
    );
}
