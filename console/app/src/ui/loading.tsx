import type { ComponentChildren } from "preact";
import { faultText } from "../faults.js";
import { shellText } from "../i18n/shell.js";
import type { Loaded } from "../load.js";
import { Button } from "./button.js";
import { Banner, EmptyState, Skeleton } from "./surface.js";

/** Something could not be had: what it means and the way out. */
export function Failure({ fault, retry }: { fault: unknown; retry?: () => unknown }) {
    return (
        <EmptyState
            icon="warning"
            title={shellText("fault.title")}
            text={faultText(fault)}
            action={
                retry !== undefined && (
                    <Button kind="primary" icon="sync" onClick={retry}>
                        {shellText("retry")}
                    </Button>
                )
            }
        />
    );
}

/** What was loaded; until then its place, and if it failed, why. What is shown already stays while it is loaded again. */
export function Loading<T>({ of, rows, height, children }: { of: Loaded<T>; rows?: number; height?: number; children: (data: T) => ComponentChildren }) {
    if (of.data !== undefined)
        return (
            <>
                {of.fault !== undefined && <Banner tone="warn">{faultText(of.fault)}</Banner>}
                {children(of.data)}
            </>
        );
    if (of.fault !== undefined) return <Failure fault={of.fault} retry={of.reload} />;
    return (
        <div aria-busy="true">
            <span class="visually-hidden" role="status">
                {shellText("loading")}
            </span>
            <Skeleton {...(rows === undefined ? {} : { rows })} {...(height === undefined ? {} : { height })} />
        </div>
    );
}
