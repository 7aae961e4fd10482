/** A message of a stream of server-sent events; one without `data` only says where the reader is. */
export interface Message {
    id?: string;
    data?: string;
    /** Milliseconds until the stream may be taken up again. */
    retry?: number;
}

/** Cuts a stream into messages, wherever it was cut on its way. */
export class MessageReader {
    #rest = "";
    #message: Message = {};

    read(text: string): Message[] {
        const found: Message[] = [];
        this.#rest += text;
        // A CR at the very end may be half of a CRLF.
        const lines = this.#rest.split(/\r\n|\n|\r(?=[^])/);
        this.#rest = lines.pop() ?? "";
        for (const line of lines) {
            if (line !== "") {
                this.#line(line);
                continue;
            }
            if (Object.keys(this.#message).length > 0) found.push(this.#message);
            this.#message = {};
        }
        return found;
    }

    #line(line: string): void {
        const colon = line.indexOf(":");
        if (colon === 0) return;
        const name = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (name === "id" && !value.includes("\u0000")) this.#message.id = value;
        if (name === "data") this.#message.data = this.#message.data === undefined ? value : `${this.#message.data}\n${value}`;
        if (name === "retry" && /^[0-9]+$/.test(value)) this.#message.retry = Number(value);
    }
}
