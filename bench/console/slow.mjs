// A slow phone: a quarter of this processor, and the network of a bad day.
const slowed = 4;
const network = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 93_750 };

export async function slowProcessor(page) {
    await (await page.context().newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: slowed });
}

/** Of the page's own requests; the service worker's are another target's and are not slowed. */
export async function slowNetwork(page) {
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", network);
}

export const at = (values, share) => {
    const sorted = [...values].sort((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
};
