// What is no recording is refused in one line; what is damaged is read as far as it is whole, and said to be damaged.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";

import { ChunkScanner, crcOf } from "@skbtracer/format";
import { beforeAll, describe, expect, test } from "vitest";

import { bash, info, type RunResult, skbtracer } from "./support/cli.js";
import { expectNoTrace, expectRefused } from "./support/refusal.js";
import { workspace } from "./support/workspace.js";

const path = workspace();
const FIXTURE = fileURLToPath(new URL("../../fixtures/v1/veth-6.1.skbt", import.meta.url));
const good = readFileSync(FIXTURE);
const CHUNKS = [...new ChunkScanner().push(good)];
const middle = CHUNKS[Math.floor(CHUNKS.length / 2)];
if (!middle) throw new Error("the fixture has no chunks");

const patched = (change: (bytes: Buffer) => unknown): Buffer => {
  const copy = Buffer.from(good);
  change(copy);
  return copy;
};
const withHeader = (change: (bytes: Buffer) => unknown): Buffer =>
  patched((bytes) => {
    change(bytes);
    bytes.writeUInt32LE(crcOf(bytes.subarray(0, 60)), 60);
  });

const STRANGERS: readonly [name: string, bytes: Uint8Array, message: RegExp][] = [
  ["an empty file", new Uint8Array(0), /the file is empty/],
  ["a single byte of one", good.subarray(0, 1), /ends after 1 byte/],
  ["one cut inside its header", good.subarray(0, 30), /ends after 30 bytes/],
  [
    "one of a newer format",
    withHeader((bytes) => bytes.writeUInt16LE(2, 8)),
    /format version 2\.0.*use a newer/,
  ],
  ["a text", Buffer.from("hello, world. ".repeat(20)), /not a recording/],
  ["zeros", Buffer.alloc(4096), /not a recording/],
  ["a PNG", Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(100)]), /not a recording/],
  ["a capture", Buffer.concat([Buffer.from("d4c3b2a1", "hex"), Buffer.alloc(100)]), /pcap capture/],
  ["a database", Buffer.from(`SQLite format 3\0${" ".repeat(90)}`), /SQLite database/],
  ["a compressed one", Buffer.concat([Buffer.from("1f8b0800", "hex"), good.subarray(0, 100)]), /gzip/],
  [
    "one that was transferred as text",
    Buffer.from(good.toString("latin1").replaceAll("\r\n", "\n"), "latin1"),
    /binary mode/,
  ],
  ["one that needs what is not known here", withHeader((bytes) => bytes.writeUInt32LE(4, 20)), /newer/],
];

describe.concurrent.each(["info", "replay", "repair"])("%s refuses", (command) => {
  const read = (file: string): Promise<RunResult> =>
    skbtracer(command, file, ...(command === "repair" ? ["-o", path("never")] : []));

  // They all open a file in the same way.
  test.each(command === "info" ? STRANGERS : STRANGERS.slice(0, 4))("%s", async (name, bytes, message) => {
    const file = path(`${command} ${name}`);
    writeFileSync(file, bytes);
    expectRefused(await read(file), message);
    expect(existsSync(path("never"))).toBe(false);
  });
  test("a file that is not there", async () =>
    expectRefused(await read(path("absent")), /absent: no such file/));
  test("a file in a file", async () =>
    expectRefused(await read(`${FIXTURE}/x`), /a part of the path is not a folder/));
  test("a folder", async () => {
    mkdirSync(path("folder"), { recursive: true });
    expectRefused(await read(path("folder")), /is a folder/);
  });
  test("a link to itself", async () => {
    const loop = path(`${command} loop`);
    symlinkSync(loop, loop);
    expectRefused(await read(loop), /cannot open .*loop/);
  });
  test("what may not be read", async () => {
    const secret = path(`${command} secret`);
    copyFileSync(FIXTURE, secret);
    chmodSync(secret, 0o600);
    chmodSync(path("."), 0o755);
    const output = command === "repair" ? `-o ${path("never")}` : "";
    const result = await bash(
      `setpriv --reuid=65534 --clear-groups $SKBTRACER ${command} "${secret}" ${output}`,
    );
    expectRefused(result, /secret: permission denied/);
  });
});

function flip(bytes: Buffer, at: number): void {
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
}

/** A recording in which something is wrong, and how many places are. */
const DAMAGED: readonly [name: string, bytes: Uint8Array][] = [
  ["a bit that flipped in a chunk", patched((bytes) => flip(bytes, middle.offset + 100))],
  ["a bit that flipped in a chunk's header", patched((bytes) => flip(bytes, middle.offset + 9))],
  ["a bit that flipped in the file's header", patched((bytes) => flip(bytes, 30))],
  ["a torn end", good.subarray(0, middle.offset + 50)],
  ["a part that is zeros", patched((bytes) => bytes.fill(0, middle.offset - 100, middle.offset + 5000))],
  ["a part that is missing", Buffer.concat([good.subarray(0, 13_000), good.subarray(middle.offset - 3)])],
];

describe.concurrent.each(DAMAGED)("a recording with %s", (name, bytes) => {
  beforeAll(() => writeFileSync(path(name), bytes));

  test("is read, and said to be damaged", async () => {
    const { code, stdout, stderr } = await skbtracer("replay", path(name));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^TIME /);
    expect(stderr).toMatch(/^skbtracer: damage: bytes \d+ to \d+ not used: /m);
    expectNoTrace(stderr);
  });
  test("is refused with --strict", async () => {
    expectRefused(await skbtracer("info", "--strict", path(name)), /damaged at byte \d+/);
  });
  test("gives at least as much with --salvage, and is mended to that by repair", async () => {
    const mended = path(`${name} mended`);
    const { code, stderr } = await skbtracer("repair", path(name), "-o", mended);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^skbtracer: \d+ chunk\(s\) kept, .* in [1-9]\d* place\(s\) left out$/m);
    const [tolerated, salvaged, repaired] = await Promise.all([
      info(path(name)),
      info(path(name), "--salvage"),
      info(mended, "--strict"),
    ]);
    expect(salvaged.events).toBeGreaterThanOrEqual(tolerated.events);
    expect({ ...repaired, repaired: repaired.repaired !== null }).toMatchObject({
      events: salvaged.events,
      events_by_kind: salvaged.events_by_kind,
      lost: salvaged.lost,
      closed: true,
      damage: [],
      repaired: true,
    });
    const answers = async (file: string, ...flags: string[]): Promise<string[]> =>
      (await skbtracer("paths", "--json", ...flags, file)).stdout
        .split("\n")
        .map((line) => line.replace(/"recording":"[^"]*",/, ""));
    expect(await answers(mended)).toEqual(await answers(path(name), "--salvage"));
    const [before, after] = await Promise.all([
      skbtracer("replay", "--json", "--lifecycle", "--salvage", path(name)),
      skbtracer("replay", "--json", "--lifecycle", mended),
    ]);
    expect(after.stdout).toBe(before.stdout);
  });
});

test("salvage finds what lies behind damage, where reading ends without it", async () => {
  const file = "a bit that flipped in a chunk's header";
  const [tolerated, salvaged] = await Promise.all([info(path(file)), info(path(file), "--salvage")]);
  expect(salvaged.events).toBeGreaterThan(tolerated.events);
  expect({ tolerated: tolerated.closed, salvaged: salvaged.closed }).toEqual({
    tolerated: false,
    salvaged: true,
  });
});

test("a recording that is cut anywhere reads up to its last whole chunk", async () => {
  const whole = await skbtracer("replay", "-t", "--lifecycle", FIXTURE);
  const cuts = Array.from({ length: 8 }, (_, i) => 64 + Math.floor(((good.length - 64) * i) / 8) + i);
  const read = async (cut: number): Promise<void> => {
    const file = path(`cut at ${cut}`);
    writeFileSync(file, good.subarray(0, cut));
    const { closed, damage } = await info(file);
    const last = CHUNKS.findLast(({ offset, bytes }) => offset + bytes.length <= cut);
    const end = last ? last.offset + last.bytes.length : 64;
    expect(closed).toBe(false);
    const torn =
      cut === end ? [] : [{ offset: end, length: cut - end, reason: expect.stringMatching(/ends inside/) }];
    expect(damage).toEqual(torn);
    const { code, stdout, stderr } = await skbtracer("replay", "-t", "--lifecycle", file);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^skbtracer: the recording was not closed/m);
    expectNoTrace(stderr);
    // Names that come later are not known, so only the table's first columns are the same.
    const begin = (text: string): string[] =>
      text
        .split("\n")
        .filter((line) => line.startsWith("["))
        .map((line) => line.slice(0, 31));
    expect(begin(stdout)).toEqual(begin(whole.stdout).slice(0, begin(stdout).length));
  };
  await Promise.all(cuts.map(read));
});

describe.concurrent("a whole recording", () => {
  test("is kept whole by repair", async () => {
    await skbtracer("repair", FIXTURE, "-o", path("same"));
    const [copy, original] = await Promise.all([
      skbtracer("replay", "--json", "--lifecycle", path("same")),
      skbtracer("replay", "--json", "--lifecycle", FIXTURE),
    ]);
    expect(copy).toEqual(original);
    expect(original.stdout.length).toBeGreaterThan(1000);
    const [left, right] = await Promise.all([info(path("same"), "--strict"), info(FIXTURE, "--strict")]);
    expect({ ...left, bytes: 0, repaired: null }).toEqual({ ...right, bytes: 0 });
  });
  test("is read from standard input as from a file", async () => {
    const { stdout } = await bash(`cat ${FIXTURE} | $SKBTRACER info --json -`);
    expect(JSON.parse(stdout)).toEqual(await info(FIXTURE));
    const replay = await bash(`$SKBTRACER replay -t - < ${FIXTURE}`);
    expect(replay.stdout).toBe((await skbtracer("replay", "-t", FIXTURE)).stdout);
  });
  test("is repaired through pipes", async () => {
    const { code, stdout } = await bash(
      `set -o pipefail; $SKBTRACER repair - -o - < ${FIXTURE} | $SKBTRACER info --json --strict -`,
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      events: (await info(FIXTURE)).events,
      closed: true,
      damage: [],
    });
  });
  test("is not changed by its own repair", async () => {
    copyFileSync(FIXTURE, path("self"));
    const result = await skbtracer("repair", path("self"), "-o", path("self"), "--force");
    expect(readFileSync(path("self")).equals(good)).toBe(true);
    expectRefused(result, /self is the recording itself, which is never changed/);
  });
});
