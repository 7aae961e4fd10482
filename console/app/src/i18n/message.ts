/** A text with {names} in it; or, where it counts something, one for each plural form that the language has. */
export type Plural = { zero?: string; one?: string; two?: string; few?: string; many?: string; other: string };
export type Message = string | Plural;
export type Messages = { readonly [key: string]: Message };

type NamesIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;
type NamesOf<M> = M extends string ? NamesIn<M> : M extends { other: infer Other extends string } ? NamesIn<Other> | "n" : never;

/** What a message must be told, read from its English text. */
export type ArgumentsOf<M> = [NamesOf<M>] extends [never] ? [] : [{ [Name in NamesOf<M>]: string | number }];

/** The same keys in another language. */
export type Translation<English extends Messages> = { [Key in keyof English]: English[Key] extends string ? string : Plural };

export interface Language {
    tag: string;
    isolate: boolean;
    number(value: number): string;
    plural(value: number): Intl.LDMLPluralRule;
}

/** Names and codes keep their own direction inside a text of the other one. */
const isolated = (text: string): string => `\u2068${text}\u2069`;

export function formatMessage(message: Message, values: { [name: string]: string | number } | undefined, language: Language): string {
    const text = typeof message === "string" ? message : (message[language.plural(Number(values?.["n"] ?? 0))] ?? message.other);
    if (values === undefined) return text;
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
        const value = values[name];
        if (value === undefined) return whole;
        const told = typeof value === "number" ? language.number(value) : value;
        return language.isolate && typeof value === "string" ? isolated(told) : told;
    });
}
