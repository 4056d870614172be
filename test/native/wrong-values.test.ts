// What cannot be meant so gets one clear line and exit code 2, and nothing is done.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { skbtracer } from "./support/cli.js";
import { expectRefused } from "./support/refusal.js";
import { workspace } from "./support/workspace.js";

const path = workspace();
const FIXTURE = fileURLToPath(new URL("../../fixtures/v1/veth-6.1.skbt", import.meta.url));

/** The same for live tracing, recording and replaying. */
const FILTERS: readonly [flags: string[], message: RegExp][] = [
  [["-H", "10.0.0.300"], /--ipaddr.*10\.0\.0\.300/],
  [["-H", "fe80::1%eth0"], /--ipaddr.*fe80::1%eth0.*zone/],
  [["-H", ""], /--ipaddr/],
  [["-P", "0"], /--port.*1 to 65535/],
  [["-P", "65536"], /--port.*65536/],
  [["-P", "abc"], /--port.*abc/],
  [["-P", ""], /--port/],
  [["-P", "1e3"], /--port/],
  [["--proto", "foo"], /--proto.*foo.*tcp/],
  [["-N", "a/b"], /--netns.*a\/b/],
  [["-N", "no-such"], /--netns: no network namespace is called "no-such"/],
  [["-N", "0"], /--netns/],
  [["-N", "4294967296"], /--netns/],
  [["-p", "-1"], /--pid.*-1/],
  [["-p", "0"], /--pid/],
  [["--icmpid", "70000"], /--icmpid.*70000/],
  [["-c", "x"], /--catch-count.*x/],
  [["-c", "-1"], /--catch-count.*-1/],
  [["--prot", "tcp"], /unknown option '--prot'\n\(Did you mean one of --port, --proto\?\)/],
  [["-H"], /option '-H, --ipaddr <address>' argument missing/],
];
const RECORDING: readonly [flags: string[], message: RegExp][] = [
  [["--snaplen", "9999"], /--snaplen.*9999.*256/],
  [["--snaplen", "-1"], /--snaplen.*-1/],
  [["--duration", "0"], /--duration.*0/],
  [["--duration", "soon"], /--duration.*soon/],
  [["--buffer", "1"], /--buffer.*4096/],
  [["--buffer", "1T"], /--buffer.*1T/],
];

describe.concurrent("wrong values of", () => {
  test.each([...FILTERS, ...RECORDING])("live tracing: %s", async (flags, message) => {
    expectRefused(await skbtracer(...flags), message);
  });
  test.each([...FILTERS.slice(0, 1), ...RECORDING])("record: %s", async (flags, message) => {
    expectRefused(await skbtracer("record", "-o", path("never"), ...flags), message);
    expect(existsSync(path("never"))).toBe(false);
  });
  test.each([
    ...FILTERS.slice(0, 1),
    [["--speed", "0"], /--speed.*0/],
    [["--speed", "-1"], /--speed.*-1/],
    [["--speed", "fast"], /--speed.*fast/],
    [["--strict", "--salvage"], /--strict and --salvage exclude each other/],
    [["--snaplen", "9"], /unknown option '--snaplen'/],
  ] as [string[], RegExp][])("replay: %s", async (flags, message) => {
    expectRefused(await skbtracer("replay", FIXTURE, ...flags), message);
  });
  test.each([
    [["recrod"], /unknown command 'recrod' \(did you mean record\?\)/],
    [["nonsense"], /unknown command 'nonsense' \(see skbtracer --help\)/],
    [["record"], /-o, --output/],
    [["record", "-o"], /-o, --output.*argument missing/],
    [["replay"], /missing required argument 'file'/],
    [["info"], /missing required argument 'file'/],
    [["repair", "-o", path("never")], /missing required argument 'file'/],
    [["repair", FIXTURE], /-o, --output/],
    [["info", FIXTURE, FIXTURE], /too many arguments/],
    [["info", "--jsn", FIXTURE], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [["info", "--j\u001B[2J"], /^skbtracer: unknown option '--j\\x1b\[2J'$/m],
    [["doctor", "now"], /^skbtracer: too many arguments/],
  ])("the command line: %s", async (args, message) => expectRefused(await skbtracer(...args), message));
});
