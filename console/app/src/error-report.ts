import { NotPossible, Refused } from "@stockverify/client";

/** What `POST /api/client-errors` takes. */
export interface ErrorReport {
    code: string;
    message: string;
    stack?: string;
    page: string;
    version: string;
    device: string;
}

/** Where it happened, as the page knows it. */
export interface ReportPlace {
    /** The route's pattern, as "/count/:session": an address has codes in it. */
    page: string;
    version: string;
    userAgent: string;
}

const longestMessage = 300;
const mostFrames = 20;

/** Sentences of engines quote what they met: names, codes, whatever was counted. What is quoted goes, and each word with a digit; names of properties stay, since code has them. */
export function withoutData(message: string): string {
    return message
        .replace(/\b(?:https?|blob):\/\/[^/\s]+/g, "")
        .replace(/\b(reading|setting|property) '([A-Za-z_$][\w$]*)'/g, "$1 <$2>")
        .replace(/"[^"]*"?|'[^']*'?|`[^`]*`?|“[^”]*”?|⁨[^⁩]*⁩?/g, "…")
        .replace(/[\p{L}\p{M}\p{N}_.-]*\p{N}[\p{L}\p{M}\p{N}_.,٫٬-]*/gu, "#")
        .slice(0, longestMessage);
}

/** Frames in our own files, by file, line and column; a stack's first lines repeat the message. */
export function framesOf(stack: string): string {
    return [...stack.matchAll(/(?:at (?:async )?([\w$.#<>]+) \(|([\w$.#<>/]*)@|at )?https?:\/\/[^/\s]+(\/console\/[\w./-]+:\d+:\d+)\)?/g)]
        .slice(0, mostFrames)
        .map(([, chromium, gecko, file]) => `${chromium ?? gecko ?? ""} ${file ?? ""}`.trim())
        .join("\n");
}

/** "Chrome 130 Android": enough to find the same device again, too little to find its owner. */
export function deviceOf(userAgent: string): string {
    const browser = /(?:Edg|OPR|SamsungBrowser|Firefox|FxiOS|CriOS|Chrome|Version)\/\d+/.exec(userAgent)?.[0] ?? "";
    const system = (/Android \d+/.exec(userAgent) ?? /Android|iPhone|iPad|Windows|CrOS|Macintosh|Linux/.exec(userAgent))?.[0] ?? "";
    return `${browser.replace("/", " ")} ${system}`.trim() || "unknown";
}

/** What may be told of a fault: never of a person, a code or a quantity. */
export function reportOf(fault: unknown, { page, version, userAgent }: ReportPlace, code?: string): ErrorReport {
    const place = { page, version, device: deviceOf(userAgent) };
    // The server has its own entry of what it refused: the code finds it.
    if (fault instanceof Refused) return { code: code ?? "refused", message: `${fault.status} ${fault.code}`, ...place };
    if (fault instanceof NotPossible) return { code: code ?? "not_possible", message: fault.code, ...place };
    if (!(fault instanceof Error)) return { code: code ?? "console_error", message: withoutData(typeof fault === "string" ? fault : Object.prototype.toString.call(fault)) || "nothing", ...place };
    const stack = framesOf(fault.stack ?? "");
    return { code: code ?? "console_error", message: withoutData(`${fault.name}: ${fault.message}`), ...(stack === "" ? {} : { stack }), ...place };
}

interface Violation {
    effectiveDirective: string;
    blockedURI: string;
    sourceFile: string | null;
    lineNumber: number;
    columnNumber: number;
}

/** What broke the page's Content-Security-Policy; `null` for what an extension of the browser did. */
export function violationReport({ effectiveDirective, blockedURI, sourceFile, lineNumber, columnNumber }: Violation, { page, version, userAgent }: ReportPlace): ErrorReport | null {
    if (/^(?:[a-z]+-)+extension|^about:|^moz-extension/.test(sourceFile ?? "") || /extension:/.test(blockedURI)) return null;
    let blocked = blockedURI;
    try {
        // Of an address its host alone: the rest is somebody's.
        blocked = new URL(blockedURI).origin;
    } catch {
        // "inline", "eval", "trusted-types-sink".
    }
    const file = /\/console\/[\w./-]+$/.exec(sourceFile ?? "")?.[0];
    return { code: "csp_violation", message: `${effectiveDirective} ${blocked}`.slice(0, longestMessage), ...(file === undefined ? {} : { stack: `${file}:${lineNumber}:${columnNumber}` }), page, version, device: deviceOf(userAgent) };
}

/** The same fault at the same place. */
export const sameness = ({ code, message, stack, page, version }: ErrorReport): string => [code, message, stack?.split("\n")[0] ?? "", page, version].join("\n");
