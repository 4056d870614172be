// Names that others have chosen cannot command a terminal, and are themselves in JSON.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { ChunkScanner, ChunkType, LogEncoder } from "@skbtracer/format";
import { beforeAll, describe, expect, test } from "vitest";

import { info, skbtracer, startRecorder, stop } from "./support/cli.js";
import { eventsOf } from "./support/events.js";
import { network } from "./support/network.js";
import { workspace } from "./support/workspace.js";

const path = workspace();
/** What a terminal might obey: all but the line's end. */
// oxlint-disable-next-line no-control-regex -- finding them is what this is for
const COMMANDS = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E]/;

describe.each([
  ["that colours text", "a\u001B[31mX", "a\\x1b[31mX"],
  ["that turns the direction of text", "\u202Egpj.exe", "\\u202egpj.exe"],
  ["that rings and deletes", "b\u0007\u0008\u007F", "b\\x07\\x08\\x7f"],
  ["that a spreadsheet would run", '=cmd|"', '=cmd|"'],
  ["of fifteen letters", "abcdefghijklmno", "abcdefghijklmno"],
])("an interface with a name %s", (_what, device, shown) => {
  const { a, b } = network([device, "vb"]);
  const file = path(`trace ${shown}`);

  beforeAll(async () => {
    const recorder = await startRecorder(file, "record", "-o", file, "--no-rules", "-H", "10.91.0.2");
    a.sh("ping -q -c 2 -i 0.02 10.91.0.2");
    await stop(recorder);
  });

  test("is shown so that it does nothing", async () => {
    const { stdout } = await skbtracer("replay", file);
    expect(stdout).toContain(` ${shown.padEnd(18)} `);
    expect(stdout).not.toMatch(COMMANDS);
    expect((await skbtracer("info", file)).stdout).not.toMatch(COMMANDS);
  });

  test("is itself in JSON", async () => {
    const names = (await eventsOf(file)).map((event) => event.interface).filter((name) => name !== undefined);
    expect(new Set(names)).toEqual(new Set([device, "vb"]));
    const { namespaces } = await info(file);
    expect(namespaces.find(({ inode }) => inode === a.inode)?.interfaces.map(({ name }) => name)).toContain(
      device,
    );
    expect(namespaces.find(({ inode }) => inode === b.inode)?.interfaces.map(({ name }) => name)).toContain(
      "vb",
    );
  });
});

describe("a recording from a stranger, all of whose names are hostile", () => {
  const HOSTILE = "\u001B]0;title\u0007\r\u202E";
  const FIXTURE = fileURLToPath(new URL("../../fixtures/v1/veth-6.1.skbt", import.meta.url));
  /** What the format itself gives a meaning to. */
  const KEPT = new Set(["layout", "options", "type", "status", "address", "addresses", "event"]);

  function poison(value: unknown, key = ""): unknown {
    if (KEPT.has(key)) return value;
    if (typeof value === "string") return value + HOSTILE;
    if (Array.isArray(value)) return value.map((item) => poison(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, poison(member, name)]));
  }

  beforeAll(() => {
    const scanner = new ChunkScanner();
    const chunks = [...scanner.push(readFileSync(FIXTURE))];
    const { uuid, layoutId, startNs } = scanner.fileHeader ?? {
      uuid: new Uint8Array(16),
      layoutId: 0,
      startNs: 0n,
    };
    const encoder = new LogEncoder(uuid, layoutId, startNs);
    const poisoned = new Set<number>([ChunkType.ENVIRONMENT, ChunkType.DICTIONARY, ChunkType.END]);
    const spans = chunks.flatMap(({ header, payload }) => {
      if (!poisoned.has(header.type)) return encoder.chunk(header.type, [payload], header);
      return encoder.json(header.type, poison(JSON.parse(Buffer.from(payload).toString())));
    });
    writeFileSync(path("hostile"), Buffer.concat([encoder.fileHeader(), ...spans]));
  });

  test.each(["replay", "replay --iptable --lifecycle --dropstack", "info"])(
    "%s prints no commands",
    async (line) => {
      const { code, stdout, stderr } = await skbtracer(...line.split(" "), path("hostile"));
      expect(code).toBe(0);
      expect(stdout).toContain("\\x1b]0;title\\x07\\x0d\\u202e");
      expect(stdout).not.toMatch(COMMANDS);
      expect(stderr).not.toMatch(COMMANDS);
    },
  );
  test.each(["replay --json", "info --json"])("%s has them escaped as JSON does", async (line) => {
    const { stdout } = await skbtracer(...line.split(" "), path("hostile"));
    expect(stdout).toContain("\\u001b]0;title\\u0007\\r");
    // oxlint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000B-\u001F]/);
  });
});
