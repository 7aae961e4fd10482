/// <reference types="vite/client" />

/** Which build this is: told with the console's own errors, and compared with `min_client`. */
declare const __BUILD__: string;
