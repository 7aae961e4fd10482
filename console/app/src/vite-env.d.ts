/// <reference types="vite/client" />

/** Which build this is, of the same version: told with the console's own errors. */
declare const __BUILD__: string;

/** Of package.json: what `min_client` is compared with. */
declare const __VERSION__: string;
