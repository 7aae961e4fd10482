/** What a page tells the service worker. */
export type WorkerMessage =
    /** Keep these for use without network. */
    | { kind: "keep"; urls: string[] }
    /** A person chose the new build. */
    | { kind: "take_over" };
