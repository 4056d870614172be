// What goes wrong gets one clear line on standard error and the right exit code, and nothing is lost by it.
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { crcOf } from "@skbtracer/format";
import { afterAll, describe, expect, test } from "vitest";

import { bash, info, type RunResult, skbtracer } from "./command.js";

const folder = mkdtempSync(join(tmpdir(), "skbtracer-bad-"));
const path = (name: string): string => join(folder, name);
const FIXTURE = fileURLToPath(new URL("../../fixtures/v1/veth-6.1.skbt", import.meta.url));
const good = readFileSync(FIXTURE);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One line (or commander's two), no stack trace, nothing on standard output. */
function expectRefused({ code, stdout, stderr }: RunResult, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
  expect(stdout).toBe("");
  expect(code).toBe(2);
}

describe("a wrong value is refused", () => {
  test.each([
    [["-H", "10.0.0.300"], /--ipaddr.*10\.0\.0\.300/],
    [["-H", "fe80::1%eth0"], /--ipaddr/],
    [["-P", "0"], /--port.*1 to 65535/],
    [["-P", "65536"], /--port.*65536/],
    [["-P", "abc"], /--port.*abc/],
    [["-P", ""], /--port/],
    [["--proto", "foo"], /--proto.*foo/],
    [["-N", "abc"], /--netns.*abc/],
    [["-N", "0"], /--netns/],
    [["-p", "-1"], /--pid/],
    [["--icmpid", "70000"], /--icmpid.*70000/],
    [["--snaplen", "9999"], /--snaplen.*256/],
    [["--duration", "0"], /--duration/],
    [["--buffer", "1"], /--buffer/],
    [["-c", "x"], /--catch-count/],
    [["--keep"], /--keep is not built yet/],
    [["--nonsense"], /unknown option '--nonsense'/],
    [["recrod"], /unknown command 'recrod'/],
  ])("skbtracer %s", async (args, message) => expectRefused(await skbtracer(...args), message));

  test("replay --speed 0", async () =>
    expectRefused(await skbtracer("replay", "--speed", "0", FIXTURE), /--speed/));
  test("record without an output", async () => expectRefused(await skbtracer("record"), /-o, --output/));
});

describe("an output that cannot be is refused", () => {
  test("an existing file, which is left as it was", async () => {
    writeFileSync(path("exists"), "precious");
    expectRefused(await skbtracer("record", "-o", path("exists"), "--duration", "1s"), /exists.*--force/);
    expect(readFileSync(path("exists"), "utf8")).toBe("precious");
  });
  test("a folder", async () =>
    expectRefused(await skbtracer("record", "-o", folder, "--duration", "1s"), /is a folder/));
  test("in a folder that is not there", async () =>
    expectRefused(await skbtracer("record", "-o", path("no/where"), "--duration", "1s"), /no such folder/));
  test("a command that is not there", async () => {
    const result = await skbtracer("record", "-o", path("nocommand"), "--", "no-such-command");
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/cannot run no-such-command: no such command/);
    expect((await info(path("nocommand"))).closed).toBe(true);
  });
  test("a read-only file system", async () => {
    mkdirSync(path("ro"));
    const result = await bash(
      `mount -t tmpfs -o ro none ${path("ro")}; $SKBTRACER record -o ${path("ro")}/x --duration 1s; code=$?; umount ${path("ro")}; exit $code`,
    );
    expectRefused(result, /read-only/);
  });
});

test("a full disk ends the recording: what is there reads, and what is missing is said", async () => {
  mkdirSync(path("full"));
  const result = await bash(`
    mount -t tmpfs -o size=200k none ${path("full")}
    $SKBTRACER record -o ${path("full")}/x --no-rules -- ping -q -f -c 20000 127.0.0.1
    code=$?; cp ${path("full")}/x ${path("cut")}; umount ${path("full")}; exit $code`);
  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(/ended early: cannot write to .*: no space left/);
  const { closed, end_reason, missing, events, damage } = await info(path("cut"));
  // The chunk for which there was no room is missing, and was taken off the file's end whole.
  const reasons = damage.map(({ length, reason }) => `${length}: ${reason}`);
  expect({ closed, end_reason, reasons }).toEqual({
    closed: true,
    end_reason: "ENOSPC",
    reasons: ["0: 1 chunk(s) missing here"],
  });
  expect(missing).toBeGreaterThan(0);
  const replay = await skbtracer("replay", path("cut"));
  expect(replay.stdout.split("\n").length).toBeGreaterThan(events / 2);
  expect(replay.stderr).toMatch(/recorded are not in the file/);
});

describe("a reader that goes away", () => {
  test("of replay's table: a line, and no failure", async () => {
    const { stderr, stdout } = await bash(
      `set -o pipefail; $SKBTRACER replay ${FIXTURE} | head -n 2; echo "\${PIPESTATUS[0]}"`,
    );
    expect(stdout.trim().split("\n").at(-1)).toBe("0");
    expect(stderr).toBe("skbtracer: the reader of the output went away\n");
  });
  test("of a recording: it is not whole, so that is a failure", async () => {
    const { stderr, stdout } = await bash(
      `$SKBTRACER record -o - --duration 20s -- ping -q -f -c 5000 127.0.0.1 | head -c 100 > /dev/null; echo "\${PIPESTATUS[0]}"`,
    );
    expect(stdout.trim().split("\n").at(-1)).toBe("2");
    expect(stderr).toMatch(/ended early: cannot write to standard output: its reader went away/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe.each(["info", "replay", "repair"])("%s refuses what it cannot read", (command) => {
  const read = (name: string): Promise<RunResult> =>
    skbtracer(command, path(name), ...(command === "repair" ? ["-o", path("never")] : []));
  const cases: [name: string, bytes: Uint8Array, message: RegExp][] = [
    ["empty", new Uint8Array(0), /the file is empty/],
    ["cut inside the header", good.subarray(0, 30), /ends after 30 bytes/],
    [
      "a text",
      Buffer.from("hello, world, this is not a recording at all, but long enough to be one....."),
      /not a recording/,
    ],
    ["a pcap", Buffer.concat([Buffer.from("d4c3b2a1", "hex"), Buffer.alloc(100)]), /pcap capture/],
    ["a database", Buffer.from(`SQLite format 3\0${" ".repeat(90)}`), /SQLite database/],
    ["text-mangled", Buffer.from(good.toString("latin1").replaceAll("\r\n", "\n"), "latin1"), /binary mode/],
  ];
  test.each(cases)("%s", async (name, bytes, message) => {
    writeFileSync(path(name), bytes);
    expectRefused(await read(name), message);
  });
  test("of a newer format", async () => {
    const newer = Buffer.from(good);
    newer.writeUInt16LE(2, 8);
    newer.writeUInt32LE(crcOf(newer.subarray(0, 60)), 60);
    writeFileSync(path("newer"), newer);
    expectRefused(await read("newer"), /format version 2\.0.*use a newer/);
  });
  test("that is not there", async () => expectRefused(await read("absent"), /absent: no such file/));
  test("that is a folder", async () => {
    mkdirSync(path("folder"), { recursive: true });
    expectRefused(await read("folder"), /is a folder/);
  });
  test("that may not be read", async () => {
    copyFileSync(FIXTURE, path("secret"));
    chmodSync(path("secret"), 0o600);
    chmodSync(folder, 0o755);
    const output = command === "repair" ? `-o ${path("never")}` : "";
    const result = await bash(
      `setpriv --reuid=65534 --clear-groups $SKBTRACER ${command} ${path("secret")} ${output}`,
    );
    expectRefused(result, /permission denied/);
  });
});

describe("a damaged recording", () => {
  const flipped = Buffer.from(good);
  const at = Math.floor(good.length / 2);
  flipped[at] = (flipped[at] ?? 0) ^ 0x10;
  writeFileSync(path("flipped"), flipped);
  writeFileSync(path("torn"), good.subarray(0, at));

  test.each(["flipped", "torn"])("(%s) is read, and says what is damaged", async (name) => {
    const { code, stdout, stderr } = await skbtracer("replay", path(name));
    expect(code).toBe(0);
    expect(stdout.split("\n").length).toBeGreaterThan(10);
    expect(stderr).toMatch(/damage: bytes \d+ to \d+ not used/);
    expect((await info(path(name))).damage.length).toBeGreaterThan(0);
  });
  test.each(["flipped", "torn"])("(%s) is refused with --strict", async (name) => {
    expectRefused(await skbtracer("info", "--strict", path(name)), /damaged at byte \d+/);
  });
  test.each(["flipped", "torn"])("(%s) is mended by repair, which says what it left out", async (name) => {
    const mended = path(`${name}.mended`);
    const { code, stderr } = await skbtracer("repair", path(name), "-o", mended);
    expect(code).toBe(0);
    expect(stderr).toMatch(/left out/);
    const [salvaged, repaired] = [await info(path(name), "--salvage"), await info(mended, "--strict")];
    expect(repaired.events).toBe(salvaged.events);
    expect(repaired.damage).toEqual([]);
    expect(repaired.repaired).not.toBeNull();
  });
  test("a whole one is kept whole by repair", async () => {
    await skbtracer("repair", FIXTURE, "-o", path("same"));
    expect((await skbtracer("replay", "--json", path("same"))).stdout).toBe(
      (await skbtracer("replay", "--json", FIXTURE)).stdout,
    );
  });
  test("standard input is read like a file", async () => {
    const { stdout } = await bash(`cat ${FIXTURE} | $SKBTRACER info --json -`);
    expect(JSON.parse(stdout)).toMatchObject({ events: (await info(FIXTURE)).events, closed: true });
  });
});
