// A TCP proxy between a client and the stack that loses answers: the request is done, and nobody hears of it. While it is
// `down`, nothing gets through, also not on connections that stood.
import { connect, createServer } from "node:net";

export async function losingProxy(url, { loses }) {
    const { hostname, port } = new URL(url);
    const proxy = { lost: 0, down: false };
    let asked = 0;
    const sockets = new Set();
    const server = createServer((client) => {
        if (proxy.down) return client.destroy();
        const upstream = connect(Number(port), hostname);
        let doomed = false;
        for (const socket of [client, upstream]) {
            sockets.add(socket);
            socket.on("error", () => undefined);
            socket.on("close", () => {
                sockets.delete(socket);
                client.destroy();
                upstream.destroy();
            });
        }
        client.on("data", (data) => {
            if (proxy.down) return client.destroy();
            const request = data.toString("latin1", 0, 200);
            if (loses.test(request)) doomed = asked++ % 2 === 0; // every other one
            upstream.write(data);
        });
        upstream.on("data", (data) => {
            if (!doomed && !proxy.down) return client.write(data);
            proxy.lost += 1;
            client.destroy();
        });
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    proxy.url = `http://127.0.0.1:${server.address().port}`;
    proxy.close = () => {
        server.close();
        for (const socket of sockets) socket.destroy();
    };
    return proxy;
}
