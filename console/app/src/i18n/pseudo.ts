import type { Message, Messages, Translation } from "./message.js";

const plain = "aceilnosuyzACDEGHILNOSTUYZ";
const accented = "àçéíłñöšûýžÀÇÐÉĜĤÍĻŃÖŠŤÛÝŽ";

/** Longer by two fifths, as German and Hindi are, bracketed so that an untranslated text is seen, and names left alone. */
function pseudoText(text: string): string {
    const changed = text.replace(/\{\w+\}|[A-Za-z]/g, (sign) => {
        const at = sign.length === 1 ? plain.indexOf(sign) : -1;
        return at < 0 ? sign : (accented[at] ?? sign);
    });
    return `⟦${changed}${"~".repeat(Math.ceil(text.length * 0.4))}⟧`;
}

export function pseudoTranslation<English extends Messages>(english: English): Translation<English> {
    const pseudo = (message: Message): Message =>
        typeof message === "string" ? pseudoText(message) : Object.fromEntries(Object.entries(message).map(([form, text]) => [form, pseudoText(text)])) as Message;
    return Object.fromEntries(Object.entries(english).map(([key, message]) => [key, pseudo(message)])) as Translation<English>;
}
