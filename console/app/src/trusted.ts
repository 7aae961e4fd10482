interface ScriptPolicy {
    createScriptURL(url: string): string;
}

interface PolicyFactory {
    createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy;
}

/** The only addresses that ever become a script's: the service worker and the scan worker. */
const admitted = /^\/console\/(?:sw\.js|scan-worker-[\w-]+\.js)$/;

function admit(url: string): string {
    const { origin, pathname } = new URL(url, location.href);
    if (origin !== location.origin || !admitted.test(pathname)) throw new TypeError(`${url} is no script of the console`);
    return url;
}

const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
const policy = factory?.createPolicy("sv", { createScriptURL: admit });

/** An address that may become a script's (the policy `sv` of the page's Content-Security-Policy). */
export function scriptUrl(url: string): string {
    return policy === undefined ? admit(url) : policy.createScriptURL(url);
}
