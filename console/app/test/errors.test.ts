import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";
import { errorsArabic } from "../src/i18n/errors.ar.js";
import { errorsEnglish } from "../src/i18n/errors.en.js";
import { errorsHindi } from "../src/i18n/errors.hi.js";

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), "utf8");

/** The words of an enumeration of the contract. */
function wordsOf(schema: string): string[] {
    const [, part = ""] = new RegExp(`\\n    ${schema}:\\n([^]*?)\\n    [A-Z]`).exec(read("openapi.yaml")) ?? [];
    return [...part.matchAll(/^ {8}- (\w+)$/gm)].map(([, word]) => word ?? "");
}

const errors = [...read("core/base/errors.def").matchAll(/^SV_ERROR\(\w+,\s*"(\w+)"/gm)].map(([, code]) => code ?? "");

describe("what the server's codes are called", () => {
    const languages: { [name: string]: { readonly [code: string]: string } } = { errorsEnglish, errorsHindi, errorsArabic };
    for (const [name, texts] of Object.entries(languages)) {
        it(`${name} has a text for every error, and for whatever is wrong with a record`, () => {
            assert.ok(errors.length > 60 && wordsOf("ErrorCode").length > 60 && wordsOf("RecordErrorCode").length > 15);
            const missing = [...errors, ...wordsOf("ErrorCode"), ...wordsOf("RecordErrorCode")].filter((code) => (texts[code] ?? "") === "");
            assert.deepEqual(missing, []);
        });
    }

    it("nothing stays English in another language", () => {
        const same = Object.entries(errorsEnglish).filter(([code, text]) => [errorsHindi, errorsArabic].some((texts) => (texts as { [code: string]: string })[code] === text));
        assert.deepEqual(same, []);
    });
});
