import type { components, paths } from "./api.gen.js";

export type { components, paths };

/** What the API calls Schema `name`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

export type Record = Schema<"Record">;
export type User = Schema<"User">;
export type Login = Schema<"Login">;
export type Config = Schema<"Config">;
export type Holder = Schema<"Holder">;
export type ErrorCode = Schema<"ErrorCode">;
export type BatchVerdict = Schema<"BatchVerdict">;
export type Conflict = Schema<"Conflict">;
export type Claim = Schema<"Claim">;
export type SessionStats = Schema<"SessionStats">;
export type CountLine = Schema<"CountLine">;
export type UnknownItem = Schema<"UnknownItem">;

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** The paths that have this method. */
export type PathOf<M extends Method> = {
    [P in keyof paths]: paths[P][M] extends { responses: object } ? P : never;
}[keyof paths];

type Operation<M extends Method, P extends PathOf<M>> = paths[P][M];

type JsonOf<Answer> = Answer extends { content: { "application/json": infer Body } } ? Body : never;

/** `data` of an operation's successful answer. */
export type DataOf<M extends Method, P extends PathOf<M>> =
    Operation<M, P> extends { responses: infer Answers }
        ? { [Status in keyof Answers & (200 | 201 | 202)]: JsonOf<Answers[Status]> }[keyof Answers & (200 | 201 | 202)] extends infer Body
            ? Body extends { data: infer Data }
                ? Data
                : Body
            : never
        : never;

type Filled<T> = [T] extends [never] ? undefined : T;
type Parameters_<M extends Method, P extends PathOf<M>> = Operation<M, P> extends { parameters: infer Found } ? Found : never;
type Part<M extends Method, P extends PathOf<M>, Name extends string> =
    Parameters_<M, P> extends { [N in Name]?: infer Found } ? Filled<Exclude<Found, undefined>> : undefined;
type BodyOf<M extends Method, P extends PathOf<M>> = Operation<M, P> extends { requestBody?: { content: { "application/json": infer Body } } } ? Body : undefined;

type Told<Name extends string, Value> = undefined extends Value ? { [N in Name]?: never } : { [N in Name]: Value };
type MayTell<Name extends string, Value> = undefined extends Value ? { [N in Name]?: never } : { [N in Name]?: Value };

/** What a call of an operation says: the path's parameters, the query, a body. */
export type CallOf<M extends Method, P extends PathOf<M>> = Told<"path", Part<M, P, "path">> &
    MayTell<"query", Part<M, P, "query">> &
    MayTell<"body", BodyOf<M, P>> & { headers?: { [name: string]: string }; signal?: AbortSignal };
