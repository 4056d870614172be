// slice and redact by the real command: parts and copies of recordings that answer as the whole does, and can be given away.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { MadeRecording } from "../packages/analyzer/test/support/made-recording.js";
import { bash, info, type RunResult, skbtracer } from "./native/support/cli.js";
import { expectNoTrace, expectRefused } from "./native/support/refusal.js";
import { workspace } from "./native/support/workspace.js";

const path = workspace();
const VETH = fileURLToPath(new URL("../fixtures/v1/veth-6.1.skbt", import.meta.url));
const BRIDGE = fileURLToPath(new URL("../fixtures/v1/bridge-6.12.skbt", import.meta.url));
const KEY = path("key");
writeFileSync(KEY, "0123456789abcdef0123456789abcdef\n");

type Json = Readonly<Record<string, unknown>>;

async function ok(...args: string[]): Promise<RunResult> {
  const result = await skbtracer(...args);
  expectNoTrace(result.stderr);
  expect(result.code, result.stderr).toBe(0);
  return result;
}

/** Rows without the columns that say which recording and which path. */
async function rows(command: string, file: string, ...flags: string[]): Promise<Json[]> {
  const { stdout } = await ok(command, "--json", ...flags, file);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const numbered = JSON.parse(line) as Json;
      const {
        recording,
        path: number,
        parent,
        family,
        merged_into,
        drop,
        traversal,
        event,
        ...rest
      } = numbered;
      expect(recording).toBeTypeOf("string");
      void [number, parent, family, merged_into, drop, traversal, event];
      return rest;
    });
}

async function sliced(name: string, ...flags: string[]): Promise<string> {
  const file = path(`${name}.skbt`);
  await ok("slice", VETH, "-o", file, ...flags);
  return file;
}

describe("a slice", () => {
  test.each([
    ["-P 9"],
    ["--proto icmp"],
    ["-H 10.0.0.2 --proto tcp"],
    // Behind REDIRECT it is port 80
    ["-P 80"],
    ["--since 3200ms --until 3400ms"],
    ["--reason NETFILTER_DROP"],
    ["--iface vb --func ip_rcv"],
    ["--incomplete"],
  ])("by %s answers as the whole does, asked for the same", async (line) => {
    const flags = line.split(" ");
    const file = await sliced(line.replaceAll(/[ /]/g, "_"), ...flags);
    expect(await rows("paths", file, ...flags)).toEqual(await rows("paths", VETH, ...flags));
    expect((await rows("paths", file, ...flags)).length).toBeGreaterThan(0);
    const about = flags.filter((flag) => flag !== "--incomplete");
    if (about.length > 0)
      expect(await rows("drops", file, ...about)).toEqual(await rows("drops", VETH, ...about));
    expect((await info(file, "--strict")).bytes).toBeLessThan((await info(VETH)).bytes);
  });

  test("by a flow has it in both directions, before and behind NAT", async () => {
    const [syn] = (await rows("paths", VETH, "-P", "8080")).filter(({ info: what }) => what === "SYN");
    const port = Number(syn?.["source_port"]);
    const file = await sliced("flow", "--flow", `10.0.0.2:8080-10.0.0.1:${port}`);
    const found = await rows("paths", file);
    expect(found.length).toBeGreaterThan(3);
    for (const row of found) {
      const ports = ["source_port", "destination_port", "last_source_port", "last_destination_port"].map(
        (name) => row[name],
      );
      expect(ports).toContain(port);
    }
    expect(found.some(({ source }) => source === "10.0.0.2")).toBe(true);
    const none = await sliced("no flow", "--flow", "10.0.0.2:1-10.0.0.1:2");
    expect(await rows("paths", none)).toEqual([]);
  });

  test("says where it is from and what was chosen", async () => {
    const file = await sliced("origin", "-P", "9", "--since", "1s");
    const { stdout } = await ok("info", "--json", file);
    const whole = JSON.parse((await ok("info", "--json", VETH)).stdout) as Json;
    expect(JSON.parse(stdout)).toMatchObject({
      origins: [
        {
          command: "slice",
          parent: whole["uuid"],
          facts: ["families of paths", "port 9", "since 1000000000 ns since the start"],
        },
      ],
      host: whole["host"],
      rules: whole["rules"],
      closed: true,
      missing: 0,
    });
    expect((JSON.parse(stdout) as Json)["uuid"]).not.toBe(whole["uuid"]);
    expect((await ok("info", file)).stdout).toContain("< slice of");
  });

  test("of everything prints as the whole does", async () => {
    const file = await sliced("everything");
    const [whole, part] = await Promise.all(
      [VETH, file].map((one) => ok("replay", "--json", "--lifecycle", one)),
    );
    expect(part?.stdout).toBe(whole?.stdout);
  });

  test("of events has exactly those", async () => {
    const file = await sliced("events", "--events", "--func", "ip_rcv", "--until", "3.3s");
    const flags = ["--table", "events", "--format", "ndjson", "-o", "-"];
    const functions = async (from: string, ...more: string[]): Promise<unknown[]> =>
      (await ok("export", from, ...flags, ...more)).stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Json)
        .map(({ time_ns: time, function: name, interface: device }) => [time, name, device]);
    const wanted = await functions(VETH, "--func", "ip_rcv", "--until", "3.3s");
    expect(await functions(file)).toEqual(wanted);
    expect(wanted.length).toBeGreaterThan(5);
  });

  test("goes into a pipe, and into a database beside its source", async () => {
    const { code, stdout } = await bash(
      `$SKBTRACER slice ${VETH} -P 9 -o - | $SKBTRACER drops -P 9 --json -`,
    );
    expect({ code, lines: stdout.trim().split("\n").length }).toEqual({ code: 0, lines: 5 });
    const file = await sliced("for a database", "-P", "9");
    const { stdout: both } = await ok("sql", VETH, file, "select count(distinct recording) as n from paths");
    expect(both).toBe('{"n":2}\n');
  });

  test("of a damaged recording is whole, and says that something is missing", async () => {
    const damaged = readFileSync(VETH);
    const middle = 60_000;
    damaged.fill(0x55, middle, middle + 40);
    writeFileSync(path("damaged.skbt"), damaged);
    const { stderr } = await ok("slice", path("damaged.skbt"), "--salvage", "-o", path("of damaged.skbt"));
    expect(stderr).toMatch(/damage/);
    const again = await ok("paths", "--strict", path("of damaged.skbt"), "--json");
    expect(again.stderr).toMatch(/that this one was made from was damaged/);
    const compare = (file: string, ...flags: string[]): Promise<Json[]> => rows("paths", file, ...flags);
    expect(await compare(path("of damaged.skbt"))).toEqual(await compare(path("damaged.skbt"), "--salvage"));
    expectRefused(
      await skbtracer("slice", "--strict", path("damaged.skbt"), "-o", path("strict.skbt")),
      /damaged at byte/,
    );
    expect(existsSync(path("strict.skbt"))).toBe(false);
  });
});

describe("a redacted recording", () => {
  const redacted = async (file: string, name: string, ...flags: string[]): Promise<string> => {
    const output = path(`${name}.skbt`);
    await ok("redact", file, "-o", output, "--key", KEY, ...flags);
    return output;
  };

  test.each([
    ["veth", VETH],
    ["bridge", BRIDGE],
  ])("gives the same answers: %s", async (name, file) => {
    const output = await redacted(file, `answers ${name}`);
    for (const command of [["paths", "--summary"], ["drops"], ["traversals"], ["losses"]]) {
      const [before, after] = [await ok(...command, file), await ok(...command, output)];
      expect(after).toEqual(before);
    }
    expect((await info(output, "--strict")).events).toBe((await info(file)).events);
  });

  test("holds no name and no address of the original", async () => {
    const bytes = readFileSync(await redacted(VETH, "bytes"));
    const { namespaces } = await info(VETH);
    const devices = namespaces.flatMap(
      ({ interfaces }) => interfaces as unknown as { name: string; mac?: string }[],
    );
    expect(devices.length).toBeGreaterThan(3);
    for (const { name, mac = "" } of devices) {
      if (name !== "lo") expect(bytes.includes(`"${name}"`), name).toBe(false);
      if (!/^[0:]*$/.test(mac)) {
        expect(bytes.includes(mac), mac).toBe(false);
        expect(bytes.includes(Buffer.from(mac.replaceAll(":", ""), "hex")), mac).toBe(false);
      }
    }
    for (const address of [
      [10, 0, 0, 1],
      [10, 0, 0, 2],
    ])
      expect(bytes.includes(Buffer.from(address))).toBe(false);
    for (const text of ["10.0.0.1", "10.0.0.2", "/tmp/", "traffic.sh", '"bash"', "hello"])
      expect(bytes.includes(text), text).toBe(false);
  });

  test("keeps its rules readable: the same rule, with the addresses that packets have", async () => {
    const output = await redacted(VETH, "rules");
    const { stdout } = await ok("sql", output, "select text from rules where kind like 'iptables%'");
    expect(stdout).toMatch(/-A INPUT -p udp -m udp --dport 9 -j DROP/);
    expect(stdout).toMatch(/REJECT --reject-with tcp-reset/);
    expect(stdout).not.toMatch(/left out/);
  });

  test("can be filtered by the addresses that it has, and joined by one key", async () => {
    const [one, two] = [await redacted(VETH, "one"), await redacted(VETH, "two")];
    const source = async (file: string): Promise<unknown> =>
      (await rows("drops", file, "-P", "9"))[0]?.["source"];
    expect(await source(one)).toBe(await source(two));
    expect(await source(one)).toMatch(/^10\./);
    expect(await rows("drops", one, "-H", String(await source(one)), "-P", "9")).toHaveLength(5);
    await ok("redact", VETH, "-o", path("random.skbt"));
    expect(await source(path("random.skbt"))).not.toBe(await source(one));
  });

  test("takes its key from the environment", async () => {
    const file = path("by environment.skbt");
    const { code } = await bash(
      `SKBTRACER_REDACT_KEY=0123456789abcdef0123456789abcdef $SKBTRACER redact ${VETH} --key env -o "${file}"`,
    );
    expect(code).toBe(0);
    expect(await rows("paths", file)).toEqual(await rows("paths", await redacted(VETH, "by file")));
  });

  test("says on standard error and in itself what was kept and removed", async () => {
    const { stderr } = await ok("redact", VETH, "-o", path("told.skbt"));
    for (const what of [
      /kept: /,
      /replaced: /,
      /removed: /,
      /rules: 6 kept, 0 removed/,
      /the key was random/,
    ])
      expect(stderr).toMatch(what);
    expect((await ok("info", path("told.skbt"))).stdout).toMatch(/< redact: kept: /);
  });

  test("of a slice forgets what was chosen", async () => {
    const output = await redacted(await sliced("to redact", "-H", "10.0.0.2"), "of slice");
    expect(readFileSync(output).includes("10.0.0.2")).toBe(false);
    expect((await rows("paths", output)).length).toBeGreaterThan(20);
  });

  test("in pcapng has no packet that is malformed, and no checksum that is wrong where it was right", async () => {
    const output = await redacted(VETH, "pcapng");
    const checks = ["ip", "tcp", "udp"].flatMap((name) => ["-o", `${name}.check_checksum:TRUE`]);
    const FIELDS = [
      "ip.checksum.status",
      "tcp.checksum.status",
      "udp.checksum.status",
      "icmp.checksum.status",
      "_ws.malformed",
    ];
    const status = async (file: string, name: string): Promise<string[][]> => {
      const packets = path(`${name}.pcapng`);
      await ok("export", file, "--format", "pcapng", "--all-hops", "-o", packets);
      const args = ["-r", packets, ...checks, "-T", "fields", ...FIELDS.flatMap((field) => ["-e", field])];
      return execFileSync("tshark", args, {
        encoding: "utf8",
        maxBuffer: 2 ** 28,
        stdio: ["ignore", "pipe", "ignore"],
      })
        .trimEnd()
        .split("\n")
        .map((line) => line.split("\t"));
    };
    const [before, after] = [await status(VETH, "before"), await status(output, "after")];
    expect(after).toHaveLength(before.length);
    const count = (lines: string[][], column: number, value: RegExp): number =>
      lines.filter((line) => value.test(line[column] ?? "")).length;
    // 0: bad, 1: good, 2: not verified, as bytes are missing
    FIELDS.slice(0, 4).forEach((_, column) =>
      expect(count(after, column, /0/)).toBeLessThanOrEqual(count(before, column, /0/)),
    );
    expect(count(after, 0, /1/)).toBe(count(before, 0, /1/));
    // What the veth's device was to complete is yet to be completed
    expect(count(after, 1, /0/)).toBe(count(before, 1, /0/));
    expect(count(after, 1, /0/)).toBeGreaterThan(0);
    expect(count(after, 4, /./)).toBe(0);
  });

  test("has no hostile name in it", async () => {
    const hostile = ["\u001B[31mred", "=cmd|' /C calc'!A0", "a\u0000b", "../../x", "{}", "\u202Etxt"];
    const made = new MadeRecording({
      namespaces: [
        {
          inode: 100,
          name: "\u001B]0;x\u0007",
          interfaces: hostile.map((name, i) => ({ ifindex: i + 1, name })),
        },
      ],
    });
    made.on(0, {
      ns: 1,
      skb: 0xffff_8880_0000_1000n,
      at: "ip_rcv",
      netns: 100,
      ifindex: 1,
      packet: "udpDns",
      first: true,
    });
    writeFileSync(path("hostile.skbt"), made.bytes());
    const output = await redacted(path("hostile.skbt"), "not hostile");
    const text = readFileSync(output).toString("latin1");
    for (const name of ["[31mred", "cmd|", "../..", "\u001B["]) expect(text.includes(name), name).toBe(false);
    expect((await ok("replay", output)).stdout).toMatch(/if-[0-9a-f]{8}/);
  });
});

describe.each(["slice", "redact"])("%s refuses", (command) => {
  const refuses = async (message: RegExp, ...args: string[]): Promise<void> =>
    expectRefused(await skbtracer(command, ...args), message);

  test("an output that exists, unless it is forced", async () => {
    const file = path(`${command} precious`);
    writeFileSync(file, "precious");
    await refuses(/exists: use another name, or --force/, VETH, "-o", file);
    expect(readFileSync(file, "utf8")).toBe("precious");
    await ok(command, VETH, "-o", file, "--force");
    expect((await info(file, "--strict")).events).toBeGreaterThan(0);
  });

  test("the recording itself as its output, by any name", async () => {
    const file = path(`${command} self`);
    const bytes = readFileSync(VETH);
    writeFileSync(file, bytes);
    linkSync(file, `${file} link`);
    symlinkSync(file, `${file} symlink`);
    for (const name of [file, `${file} link`, `${file} symlink`])
      await refuses(/is the recording itself, which is never changed/, file, "-o", name, "--force");
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  test("what is not a recording", async () => {
    writeFileSync(
      path(`${command} text`),
      "hello, this is a text and no recording, however long it may become in the end",
    );
    writeFileSync(path(`${command} empty`), "");
    const newer = readFileSync(VETH);
    newer.writeUInt16LE(9, 8);
    // The header's checksum, as a newer version would write it
    newer.writeUInt32LE(crc(newer.subarray(0, 60)), 60);
    writeFileSync(path(`${command} newer`), newer);
    const output = path(`${command} never`);
    await refuses(/not a recording|is no recording|does not begin/i, path(`${command} text`), "-o", output);
    await refuses(/empty/, path(`${command} empty`), "-o", output);
    await refuses(/format version 9\.0/, path(`${command} newer`), "-o", output);
    await refuses(/no such file/, path("absent"), "-o", output);
    await refuses(/is a folder/, path(""), "-o", output);
    await refuses(/is a folder/, VETH, "-o", path(""));
    await refuses(/no such folder/, VETH, "-o", path("no/such/folder"));
    expect(readdirSync(path("")).filter((name) => name.startsWith(`${command} never`))).toEqual([]);
  });

  test("a database", async () => {
    const database = path(`${command}.db`);
    await ok("import", VETH, "-o", database);
    await refuses(/is a database/, database, "-o", path(`${command} of database`));
  });

  test.runIf(process.getuid?.() === 0)("a full disk, and leaves nothing on it", async () => {
    const folder = path(`${command} full`);
    mkdirSync(folder);
    const { code, stderr, stdout } = await bash(`
      mount -t tmpfs -o size=32k none "${folder}"; trap 'umount "${folder}"' EXIT
      $SKBTRACER ${command} ${VETH} -o "${folder}/out"; code=$?; ls -A "${folder}"; exit $code`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/no space left/);
    expectNoTrace(stderr);
  });
});

describe("refused are", () => {
  test.each([
    ["10.0.0.1"],
    ["10.0.0.1:0-10.0.0.2:80"],
    ["10.0.0.1:80-host:80"],
    ["fe80::1%eth0-fe80::2"],
    ["10.0.0.1:80-10.0.0.2:80-10.0.0.3:80"],
  ])("a flow %s", async (flow) =>
    expectRefused(
      await skbtracer("slice", VETH, "-o", path("never"), "--flow", flow),
      /--flow: .* is not two ends like/,
    ),
  );

  test("slices of standard input, and of events by what only paths have", async () => {
    expectRefused(await skbtracer("slice", "-", "-o", path("never")), /reads a recording twice/);
    for (const flags of [["--reason", "NO_SOCKET"], ["--incomplete"]])
      expectRefused(
        await skbtracer("slice", VETH, "--events", ...flags, "-o", path("never")),
        /says nothing about events/,
      );
    expectRefused(
      await skbtracer("slice", VETH, "--events", "--flow", "10.0.0.1-10.0.0.2", "-o", path("never")),
      /--flow is of whole paths/,
    );
  });

  test.each([
    ["that is not there", "no such key", undefined, /cannot open .*no such key/],
    ["that is empty", "empty key", "", /empty key is empty/],
    ["that is one line end", "line end", "\n", /line end is empty/],
    ["that can be guessed", "short key", "secret\n", /has 6 bytes, which can be guessed/],
    ["that is no key", "long key", "x".repeat(2_000_000), /at most 1048576/],
  ])("a key %s", async (_, name, text, message) => {
    if (text !== undefined) writeFileSync(path(name), text);
    expectRefused(await skbtracer("redact", VETH, "--key", path(name), "-o", path("never")), message);
    expect(existsSync(path("never"))).toBe(false);
  });

  test("a key that is a folder, and one in an environment that has none", async () => {
    expectRefused(await skbtracer("redact", VETH, "--key", path(""), "-o", path("never")), /is a folder/);
    expectRefused(
      await skbtracer("redact", VETH, "--key", "env", "-o", path("never")),
      /SKBTRACER_REDACT_KEY is empty/,
    );
  });
});

function crc(bytes: Uint8Array): number {
  let sum = 0xffff_ffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb8_8320 : 0);
  }
  return ~sum >>> 0;
}
