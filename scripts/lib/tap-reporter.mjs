// Tells what node:test ran as flat TAP: a line for each test. Its own reporter nests them and
// adds blocks of YAML that TAP::Harness cannot read.

export default async function* tap(events) {
    let count = 0;
    for await (const { type, data } of events) {
        if (type !== "test:pass" && type !== "test:fail") continue;
        const failed = type === "test:fail";
        // A suite says something of its own only when what goes before or after its tests failed.
        if (data.details.type === "suite" && !(failed && data.details.error?.failureType === "hookFailed")) continue;
        const skipped = data.skip === undefined ? "" : ` # SKIP ${data.skip === true ? "" : data.skip}`;
        yield `${failed ? "not ok" : "ok"} ${++count} - ${escaped(data.name)}${skipped}\n`;
    }
    yield `1..${count}\n`;
}

const escaped = (name) => name.replace(/[\\#]/g, "\\$&").replace(/\s+/g, " ");
