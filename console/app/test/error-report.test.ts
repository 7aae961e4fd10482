import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NotPossible, Refused } from "@stockverify/client";
import { deviceOf, framesOf, reportOf, violationReport, withoutData } from "../src/error-report.js";

const android = "Mozilla/5.0 (Linux; Android 14; SM-G991B Build/UP1A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36";
const place = { page: "/count/:session", version: "1.0.0+17", userAgent: android };

describe("what is told of a fault", () => {
    it("is nothing of a person, a code or a quantity", () => {
        const secrets = ["Asha", "7310417.000113", "ITEM-0042", "९९", "٧٣", "7f3c1f0e-aaaa-4b6e", "आशा"];
        for (const message of [
            `Unexpected token 'A', "Asha counted 7310417.000113" is not valid JSON`,
            `record 7f3c1f0e-aaaa-4b6e of ITEM-0042 is being changed`,
            `९९ is no quantity, nor is ٧٣`,
            `the rack of \u2068आशा\u2069 and of “Asha is lost`,
        ]) {
            const told = JSON.stringify(reportOf(new TypeError(message), place));
            for (const secret of secrets) assert.ok(!told.includes(secret), `${secret} in ${told}`);
        }
    });

    it("keeps what a programmer needs: the property, the frames in our own files", () => {
        const fault = new TypeError("Cannot read properties of undefined (reading 'items')");
        fault.stack = "TypeError: secret of Asha\n    at Table (https://stock.example.com/console/assets/admin-x1.js:3:141)\n    at async https://stock.example.com/console/assets/shell-y.js:1:9\n    at native";
        assert.deepEqual(reportOf(fault, place), {
            code: "console_error",
            message: "TypeError: Cannot read properties of undefined (reading <items>)",
            stack: "Table /console/assets/admin-x1.js:3:141\n/console/assets/shell-y.js:1:9",
            page: "/count/:session",
            version: "1.0.0+17",
            device: "Chrome 130 Android 14",
        });
        assert.equal(framesOf("draw@https://h/console/assets/a.js:1:2\n@https://h/console/assets/b.js:3:4"), "draw /console/assets/a.js:1:2\n/console/assets/b.js:3:4");
    });

    it("is the code alone where the fault has one", () => {
        assert.equal(reportOf(new Refused(422, "parameter_invalid", "12 is too many", [], undefined, "r1", undefined), place).message, "422 parameter_invalid");
        assert.equal(reportOf(new NotPossible("no_such_record", "this device has no record Asha"), place).message, "no_such_record");
        assert.equal(reportOf({ name: "Asha" }, place).message, "[object Object]");
    });

    it("names devices by what many have", () => {
        assert.equal(deviceOf("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605 Version/18.1 Mobile Safari/604"), "Version 18 iPhone");
        assert.equal(deviceOf(""), "unknown");
    });

    it("fits the server's bounds, however long it is", () => {
        const fault = new Error("lost ".repeat(5000));
        fault.stack = "    at f (https://h/console/assets/a.js:1:2)\n".repeat(5000);
        const { message, stack } = reportOf(fault, place);
        assert.ok(message.length <= 1000 && (stack?.length ?? 0) <= 8000 && message.length > 100);
        assert.equal(withoutData(""), "");
    });
});

describe("what broke a wall of the page", () => {
    const violation = { effectiveDirective: "img-src", blockedURI: "https://evil.example/pictures/asha.png?q=12", sourceFile: "https://h/console/assets/a.js", lineNumber: 4, columnNumber: 2 };

    it("is told by its directive, its host and our line", () => {
        const report = violationReport(violation, place);
        assert.equal(report?.message, "img-src https://evil.example");
        assert.equal(report?.stack, "/console/assets/a.js:4:2");
        assert.equal(violationReport({ ...violation, blockedURI: "inline", sourceFile: null }, place)?.message, "img-src inline");
    });

    it("is none of ours where an extension of the browser did it", () => {
        assert.equal(violationReport({ ...violation, sourceFile: "chrome-extension" }, place), null);
        assert.equal(violationReport({ ...violation, sourceFile: "moz-extension://x/y.js" }, place), null);
        assert.equal(violationReport({ ...violation, blockedURI: "safari-web-extension://x" }, place), null);
    });
});
