// The questions as commands, by the real command: the same answers whatever they are asked of, and whoever reads them.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { TABLE_NAMES } from "@skbtracer/analyzer";
import { beforeAll, describe, expect, test } from "vitest";

import { duckdb } from "../packages/analyzer/test/support/exported.js";
import { MadeRecording } from "../packages/analyzer/test/support/made-recording.js";
import { bash, CLI, type RunResult, skbtracer } from "./native/support/cli.js";
import { expectNoTrace, expectRefused } from "./native/support/refusal.js";
import { workspace } from "./native/support/workspace.js";

const path = workspace();
const VETH = fileURLToPath(new URL("../fixtures/v1/veth-6.1.skbt", import.meta.url));
const BRIDGE = fileURLToPath(new URL("../fixtures/v1/bridge-6.12.skbt", import.meta.url));
const NAT = fileURLToPath(new URL("../fixtures/kernels/nat-6.1.skbt", import.meta.url));
const LOSSY = fileURLToPath(new URL("../fixtures/kernels/lossy-7.2.skbt", import.meta.url));
const database = path("both.db");

type Json = Readonly<Record<string, unknown>>;

const rowsOf = (text: string): Json[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Json);
const inOrder = (text: string): string[] => text.split("\n").toSorted();

async function ok(...args: string[]): Promise<RunResult> {
  const result = await skbtracer(...args);
  expectNoTrace(result.stderr);
  expect(result.code, result.stderr).toBe(0);
  return result;
}

beforeAll(async () => {
  await ok("import", VETH, BRIDGE, "-o", database);
});

/** A condition that is not about a command's rows is refused. */
const saysNothing = (flags: string, command: string | undefined): boolean =>
  (flags.includes("--incomplete") && command !== "paths") ||
  (/--(func|reason)/.test(flags) && command === "traversals");

describe("a recording and its database answer alike", () => {
  const some = (sql: string): Promise<unknown> =>
    ok("sql", database, sql).then(({ stdout }) => rowsOf(stdout)[0]?.["it"]);
  /** Flags, of which `?` stands for what is asked for. */
  const QUESTIONS: readonly { readonly flags: string; readonly ask?: string }[] = [
    { flags: "" },
    { flags: "-H 10.0.0.2" },
    { flags: "-H 10.0.1.1 --proto udp" },
    { flags: "-P 9" },
    // The ports before and behind REDIRECT: a path matches from there on, and its clones with it.
    { flags: "-P 80" },
    { flags: "-P 8080" },
    { flags: "--proto icmp" },
    { flags: "--proto tcp" },
    { flags: "--icmpid ?", ask: "select icmp_id as it from paths where info = 'request' limit 1" },
    { flags: "-N ?", ask: "select netns as it from interfaces where interface = 'vb'" },
    { flags: "-N b" },
    { flags: "-N nosuch" },
    { flags: "-p ?", ask: "select pid as it from paths where info = 'SYN' limit 1" },
    { flags: "--since 5s" },
    { flags: "--until 5s" },
    { flags: "--since 3s --until 3500ms" },
    { flags: "--iface vb" },
    { flags: "--func ip_rcv" },
    { flags: "--func nf_hook_slow" },
    { flags: "--reason NETFILTER_DROP" },
    { flags: "--incomplete" },
    { flags: "-P 9 --iface pc --reason NETFILTER_DROP" },
  ];
  test.each(QUESTIONS)("$flags", async ({ flags: line, ask }) => {
    const flags = line
      .replace("?", ask === undefined ? "" : String(await some(ask)))
      .split(" ")
      .filter(Boolean);
    for (const command of [
      ["paths", "--json"],
      ["paths", "--summary", "--json"],
      ["drops", "--json"],
      ["drops"],
      ["traversals", "--json"],
      ["traversals"],
    ]) {
      if (saysNothing(line, command[0])) continue;
      const recorded = await ok(...command, ...flags, VETH, BRIDGE);
      const stored = await ok(...command, ...flags, database);
      expect(inOrder(stored.stdout), command.join(" ")).toEqual(inOrder(recorded.stdout));
    }
  });

  test("as trees without the clones that a filter leaves out", async () => {
    const recorded = VETH.replace("6.1", "7.2");
    const stored = path("clones.db");
    await ok("import", recorded, "-o", stored);
    const [row] = rowsOf(
      (await ok("sql", stored, "select netns from interfaces where netns_name = 'a'")).stdout,
    );
    const asked = ["-N", String(row?.["netns"])];
    const { stdout } = await ok("paths", stored, ...asked, "--all");
    expect(inOrder(stdout)).toEqual(inOrder((await ok("paths", recorded, ...asked, "--all")).stdout));
    const numbers = rowsOf((await ok("paths", stored, ...asked, "--json")).stdout).map((one) =>
      String(one["path"]),
    );
    const shown = [...stdout.matchAll(/^ *(?:path|clone|copy|segment|fragment) (\d+) /gm)];
    expect(shown.map(([, number]) => number).toSorted()).toEqual(numbers.toSorted());
  });

  test("as trees, and about losses", async () => {
    const hostOnly = ["--proto", "icmp"];
    for (const command of [["paths", ...hostOnly], ["losses"], ["losses", "--json"]])
      expect(inOrder((await ok(...command, database)).stdout)).toEqual(
        inOrder((await ok(...command, VETH, BRIDGE)).stdout),
      );
  });
});

test.each([
  ["traversals", "nft-7.2"],
  ["traversals", "bridge-6.1"],
  ["drops", "nft-7.2"],
  ["drops", "tcp-drop-6.1"],
])(
  "rows of %s are of the same packets whether they are asked for alone or with all tables: %s",
  async (table, name) => {
    const file = fileURLToPath(new URL(`../fixtures/kernels/${name}.skbt`, import.meta.url));
    const alone = rowsOf((await ok(table, file, "--json")).stdout);
    const all = rowsOf((await ok("sql", file, `select * from ${table} order by event`)).stdout);
    const packet = ({ event, source, destination, destination_port, info }: Json): Json => ({
      event,
      source,
      destination,
      destination_port,
      info,
    });
    expect(alone.length).toBeGreaterThan(0);
    expect(alone.map(packet)).toEqual(all.map(packet));
  },
);

describe("of several recordings", () => {
  const RECORDING = /^recording ([0-9a-f-]{36}) of (.+)$/;
  const headings = (text: string): string[] => text.split("\n").filter((line) => RECORDING.test(line));

  test.each(["paths", "drops --list", "traversals --list"])("%s says whose rows follow", async (command) => {
    const recordings = rowsOf((await ok("sql", database, "select recording, host from meta")).stdout);
    const expected = recordings.map(
      ({ recording, host }) => `recording ${String(recording)} of ${String(host)}`,
    );
    expect(expected).toHaveLength(2);
    for (const files of [[VETH, BRIDGE], [database]])
      expect(inOrder(headings((await ok(...command.split(" "), ...files)).stdout).join("\n"))).toEqual(
        expected.toSorted(),
      );
    expect(headings((await ok(...command.split(" "), VETH)).stdout)).toEqual([]);
  });

  test.each(["paths --all", "paths --all -P 9 --proto udp", "drops --list"])(
    "%s has the names that namespaces have on the rows' own host",
    async (command) => {
      const files = [VETH, NAT];
      const recorded = (await ok(...command.split(" "), ...files)).stdout;
      for (const [i, order] of [files, files.toReversed()].entries()) {
        const stored = path(`collected-${i}.db`);
        await ok("import", ...order, "--force", "-o", stored);
        expect(inOrder((await ok(...command.split(" "), stored)).stdout)).toEqual(inOrder(recorded));
      }
    },
  );

  test("losses are told of each by itself, and of each probe once", async () => {
    const other = LOSSY.replace("7.2", "6.1");
    const { stdout } = await ok("losses", LOSSY, other);
    expect(headings(stdout)).toHaveLength(2);
    const [, first = "", second = ""] = stdout.split(/^recording .*$/m);
    for (const [part, file] of [
      [first, LOSSY],
      [second, other],
    ] as const) {
      expect(part.trim()).toBe((await ok("losses", file)).stdout.trim());
      const probes = part.slice(part.indexOf("OF PROBE")).trim().split("\n").slice(1);
      const names = probes.map((line) => line.trim().split(/ +/)[1]);
      expect(names).toContain("skb_clone");
      expect(new Set(names).size).toBe(names.length);
    }
  });
});

describe("a recording that is given twice is refused", () => {
  const GIVEN = [
    ["as one file", [BRIDGE, VETH, BRIDGE]],
    ["as recording and database", [VETH, database]],
    ["as database and recording", [database, VETH]],
    ["as database", [database, database]],
  ] as const;
  test.each([
    "paths",
    "paths --json -c 1",
    "paths --summary",
    "drops",
    "drops --list",
    "drops -P 9",
    "traversals",
    "traversals --list",
    "losses",
    "export --table drops --format csv -o -",
  ])("by %s", async (command) => {
    for (const [how, files] of GIVEN) {
      const result = await skbtracer(...command.split(" "), ...files);
      expectRefused(result, /recording [0-9a-f-]{36} is in \S+ already: give it once/);
      expect(result.stderr, how).toContain(`skbtracer: ${files.at(-1)}: `);
    }
  });

  test("by an import into Arrow files", async () => {
    const result = await skbtracer("import", VETH, VETH, "-o", path("given.arrow"));
    expectRefused(result, /is in \S+ already: give it once/);
    expect(readdirSync(path("")).filter((name) => name.startsWith("given.arrow"))).toEqual([]);
  });

  test.each(["drops", "paths --summary"])("by %s, also where one comes through a pipe", async (command) => {
    for (const files of [`- ${VETH}`, `${VETH} -`, `- ${database}`]) {
      const { stdout, stderr } = await bash(`$SKBTRACER ${command} ${files} < ${VETH}; echo "code $?"`);
      expect(stdout).toBe("code 2\n");
      expect(stderr).toMatch(/^skbtracer: standard input: recording \S+ is in \S+ already: give it once\n$/m);
    }
  });
});

describe("what is missing is told", () => {
  const LOST = /802 event\(s\) were lost while recording/;
  const stored = path("lossy.db");
  beforeAll(() => ok("import", LOSSY, "-o", stored));

  test.each(["paths", "paths -c 1", "paths --summary", "drops", "drops --list -c 1", "traversals", "losses"])(
    "by %s, of a recording and of its database",
    async (command) => {
      for (const file of [LOSSY, stored])
        expect((await ok(...command.split(" "), file)).stderr).toMatch(LOST);
    },
  );

  test.each(["", "--csv"])("by sql %s, of a recording and of its database", async (flags) => {
    const options = flags === "" ? [] : [flags];
    for (const file of [LOSSY, stored])
      expect((await ok("sql", ...options, file, "select count(*) from paths")).stderr).toMatch(LOST);
  });

  test("by export, of a recording and of its database", async () => {
    for (const file of [LOSSY, stored])
      for (const format of ["csv", "parquet"])
        expect(
          (
            await ok(
              "export",
              file,
              "--table",
              "drops",
              "--format",
              format,
              "--force",
              "-o",
              path("lossy.out"),
            )
          ).stderr,
        ).toMatch(LOST);
  });
});

describe("filters and conditions", () => {
  const count = async (...args: string[]): Promise<number> =>
    rowsOf((await ok(...args, "--json", VETH)).stdout).length;

  test("take what was sent and nothing else", async () => {
    expect(await count("drops", "-P", "9")).toBe(5);
    expect(await count("drops", "-P", "81", "--reason", "NETFILTER_DROP")).toBe(3);
    expect(await count("drops", "--func", "__udp4_lib_rcv")).toBe(3);
    expect(await count("drops", "-H", "10.9.9.9")).toBe(0);
    expect(await count("paths", "-P", "9", "--iface", "vb")).toBe(5);
    expect(await count("paths", "-P", "9", "--iface", "nosuch")).toBe(0);
    expect(await count("traversals", "--iface", "vb", "-P", "9")).toBeGreaterThanOrEqual(5);
  });

  test("times since the start and by the clock are the same moments", async () => {
    const [meta] = rowsOf(
      (await ok("sql", VETH, "select start_unix_ns / 1000 as us, start_unix_ns % 1000 as ns from meta"))
        .stdout,
    );
    const at = (seconds: number): string => {
      const us = Number(meta?.["us"]) + seconds * 1e6;
      const fraction = `${String(us % 1e6).padStart(6, "0")}${String(meta?.["ns"]).padStart(3, "0")}`;
      return `${new Date(Math.floor(us / 1000)).toISOString().slice(0, 19)}.${fraction}Z`;
    };
    for (const command of ["paths", "drops", "traversals"]) {
      const relative = await ok(command, "--json", VETH, "--since", "3s", "--until", "5s");
      const absolute = await ok(command, "--json", VETH, "--since", at(3), "--until", at(5));
      expect(absolute.stdout).toBe(relative.stdout);
      expect(rowsOf(relative.stdout).length).toBeGreaterThan(0);
      expect(rowsOf(relative.stdout).length).toBeLessThan(await count(command));
    }
  });

  test.each(["--since", "--until"])("%s that is no time is refused", async (flag) =>
    expectRefused(
      await skbtracer("paths", VETH, flag, "yesterday"),
      new RegExp(`${flag}: "yesterday" is neither`),
    ),
  );

  test.each(["2026-02-31T00:00", "2026-02-29 12:00:00Z", "2026-11-23T14:53.5Z", "2026-11-23T14:60"])(
    "the moment %s, which there is not, is refused",
    async (moment) => expectRefused(await skbtracer("paths", VETH, "--since", moment), /is neither a time/),
  );

  test.each(["2024-02-29T00:00", "2026-11-23T14:53Z", "2026-11-23 14:53:29.5+01:00"])(
    "the moment %s is known",
    async (moment) => void (await ok("paths", VETH, "--since", moment)),
  );

  test("a network namespace is known by its name as by its number", async () => {
    const [row] = rowsOf(
      (await ok("sql", VETH, "select distinct netns from interfaces where netns_name = 'b'")).stdout,
    );
    const inode = String(row?.["netns"]);
    for (const command of ["paths", "drops", "traversals"]) {
      const named = rowsOf((await ok(command, "--json", VETH, "-N", "b")).stdout);
      expect(named).toEqual(rowsOf((await ok(command, "--json", VETH, "-N", inode)).stdout));
      expect(named.length).toBeGreaterThan(0);
      expect(await count(command, "-N", "nosuch")).toBe(0);
    }
    const lines = async (netns: string): Promise<string> =>
      (await ok("replay", VETH, "-t", "-N", netns)).stdout;
    expect(await lines("b")).toBe(await lines(inode));
    expect((await lines("b")).split("\n").length).toBeGreaterThan((await lines("nosuch")).split("\n").length);
  });

  test("-c ends the answer", async () => {
    expect(await count("drops", "-c", "2")).toBe(2);
    expect(await count("paths", "-c", "3")).toBe(3);
  });
});

describe("counts are the same by every reader", () => {
  test.each(TABLE_NAMES)("of %s", async (table) => {
    const [own] = rowsOf((await ok("sql", database, `select count(*) as n from ${table}`)).stdout);
    const expected = Number(own?.["n"]);
    const query = ["-readonly", database, `select count(*) from ${table}`];
    expect(Number(execFileSync("sqlite3", query, { encoding: "utf8" }))).toBe(expected);
    for (const [format, read] of [
      ["csv", "read_csv(?, all_varchar = true)"],
      ["ndjson", "read_json(?, format = 'newline_delimited')"],
      ["parquet", "read_parquet(?)"],
    ] as const) {
      const file = path(`${table}.${format}`);
      const { stderr } = await ok("export", VETH, BRIDGE, "--table", table, "--format", format, "-o", file);
      expect(stderr).toContain(`${expected.toLocaleString("en-US")} row(s) of ${table} written`);
      if (expected === 0 && format === "ndjson") continue;
      const [found] = await duckdb(`select count(*)::int as n from ${read.replace("?", `'${file}'`)}`);
      expect([format, found?.["n"]]).toEqual([format, expected]);
    }
    if (table !== "paths" && table !== "drops" && table !== "traversals") return;
    expect(rowsOf((await ok(table, "--json", VETH, BRIDGE)).stdout)).toHaveLength(expected);
  });
});

describe("pcapng, as tshark reads it", () => {
  const FIELDS = [
    "frame.interface_name",
    "frame.time_epoch",
    "frame.packet_id",
    "frame.comment",
    "ip.src",
    "ip.dst",
    "frame.len",
    "_ws.malformed",
  ];
  async function frames(...flags: string[]): Promise<Record<string, string>[]> {
    const file = path(`trace${flags.join("")}.pcapng`);
    await ok("export", VETH, "--format", "pcapng", "-o", file, ...flags);
    const args = ["-r", file, "-T", "json", ...FIELDS.flatMap((field) => ["-e", field])];
    const text = execFileSync("tshark", args, {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return (JSON.parse(text) as { _source: { layers: Record<string, string[]> } }[]).map(({ _source }) =>
      Object.fromEntries(Object.entries(_source.layers).map(([name, values]) => [name, values[0] ?? ""])),
    );
  }
  const nsOf = (epoch: string): bigint => {
    // tshark 4.4 writes a time, others seconds
    if (epoch.includes("T")) {
      const [whole = "", fraction = ""] = epoch.replace("Z", "").split(".");
      return BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
    }
    const [seconds = "0", fraction = ""] = epoch.split(".");
    return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0"));
  };

  test("has a packet for each path, with its way, its end and its number", async () => {
    const found = await frames();
    const { stdout } = await ok(
      "sql",
      VETH,
      "select path, outcome, interfaces, functions, verdicts, drop_reason, source, destination, unix_ns / 1000 as us, duration_ns from paths where protocol is not null",
    );
    const paths = new Map(rowsOf(stdout).map((row) => [Number(row["path"]), row]));
    expect(found.length).toBeGreaterThan(40);
    for (const one of found) {
      const id = Number(one["frame.packet_id"]);
      const row = paths.get(id);
      expect(row, `path ${id}`).toBeDefined();
      expect([one["ip.src"], one["ip.dst"]]).toEqual([row?.["source"], row?.["destination"]]);
      const comment = one["frame.comment"] ?? "";
      expect(comment).toMatch(new RegExp(`^path ${id}; ${String(row?.["outcome"])}`));
      for (const text of [row?.["verdicts"], row?.["drop_reason"]])
        if (typeof text === "string") expect(comment).toContain(text);
      const way = String(row?.["functions"]);
      if (way) expect(comment).toContain(`way: ${way}`);
      const devices = row?.["interfaces"];
      if (typeof devices === "string" && devices !== "")
        expect(devices.split(" ")).toContain(one["frame.interface_name"]);
      expect(one["_ws.malformed"]).toBeUndefined();
      const us = Number(nsOf(one["frame.time_epoch"] ?? "0") / 1000n);
      expect(us).toBeGreaterThanOrEqual(Number(row?.["us"]));
      expect(us).toBeLessThanOrEqual(Number(row?.["us"]) + Number(row?.["duration_ns"]) / 1000 + 1);
    }
    expect(new Set(found.map((one) => one["frame.packet_id"])).size).toBe(found.length);
    const times = found.map((one) => nsOf(one["frame.time_epoch"] ?? "0"));
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)));
    // Nanoseconds, not microseconds with zeros
    expect(times.filter((ns) => ns % 1000n !== 0n).length).toBeGreaterThan(found.length / 2);
  });

  test("with --all-hops has a packet for each function and each drop", async () => {
    const found = await frames("--all-hops", "-P", "9");
    const { stdout } = await ok(
      "export",
      VETH,
      "--table",
      "events",
      "--format",
      "ndjson",
      "-o",
      "-",
      "-P",
      "9",
    );
    const events = rowsOf(stdout).filter(({ kind }) => kind === "sight" || kind === "drop");
    expect(found).toHaveLength(events.length);
    expect(found.map((one) => String(nsOf(one["frame.time_epoch"] ?? "0") % 1_000_000_000n))).toEqual(
      events.map((event) =>
        String(
          BigInt(
            /"unix_ns":(\d+)/.exec(
              stdout.split("\n").find((line) => line.includes(`"event":${String(event["event"])},`)) ?? "",
            )?.[1] ?? 0,
          ) % 1_000_000_000n,
        ),
      ),
    );
    for (const [i, one] of found.entries()) {
      const event = events[i];
      expect(one["frame.comment"]).toContain(
        event?.["kind"] === "drop" ? "dropped: NETFILTER_DROP at nf_hook_slow+" : String(event?.["function"]),
      );
      expect(one["frame.interface_name"]).toBe(event?.["interface"] ?? "none");
      expect(Number(one["frame.packet_id"])).toBe(event?.["path"]);
      expect(one["_ws.malformed"]).toBeUndefined();
    }
  });

  test("has losses where they were: a packet's drop count is what was lost since the one before", async () => {
    const losses = rowsOf((await ok("losses", "--json", LOSSY)).stdout).map((row) => ({
      ns: Number(row["before_ns"]),
      count: Number(row["count"]),
    }));
    expect(losses.length).toBeGreaterThan(2);
    for (const flags of [[], ["--all-hops"]]) {
      const file = path(`lossy${flags.join("")}.pcapng`);
      await ok("export", LOSSY, "--format", "pcapng", "-o", file, ...flags);
      const fields = ["-T", "fields", "-e", "frame.time_epoch", "-e", "frame.drop_count"];
      const lines = execFileSync("tshark", ["-r", file, ...fields], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).split("\n");
      const found = lines.filter(Boolean).map((line) => line.split("\t") as [string, string]);
      const startNs = BigInt(
        /"ns":(\d+)/.exec((await ok("sql", LOSSY, "select start_unix_ns as ns from meta")).stdout)?.[1] ?? 0,
      );
      const times = found.map(([time]) => Number(nsOf(time) - startNs));
      for (const [i, [, dropped]] of found.entries()) {
        const from = i === 0 ? Number.NEGATIVE_INFINITY : (times[i - 1] ?? 0);
        const since = losses.filter(({ ns }) => ns > from && ns <= (times[i] ?? 0));
        expect([i, Number(dropped)]).toEqual([i, since.reduce((sum, { count }) => sum + count, 0)]);
      }
      expect(found.filter(([, dropped]) => Number(dropped) > 0).length).toBeGreaterThan(1);
    }
  });

  test("is not made of a database, which has no packets", async () => {
    expectRefused(
      await skbtracer("export", database, "--format", "pcapng", "-o", path("none.pcapng")),
      /is a database, which has no packets' bytes: export pcapng from the recording/,
    );
  });
});

describe("sql", () => {
  test.each([
    ["delete from paths_data", /only questions \(select\) are answered/],
    ["insert into sites (kind, function) values ('x', 'x') returning id", /only questions|readonly/],
    ["create table x(y)", /only questions/],
    ["vacuum into 'copy.db'", /only questions/],
    ["attach 'x.db' as y", /only questions/],
    ["select 1; select 2", /one question at a time/],
    ["select * from nosuch", /SQL: no such table: nosuch/],
    ["select ?", /SQL: it has parameters/],
    ["select :a, @b", /SQL: it has parameters/],
    ["select $a", /SQL: it has parameters/],
    ["selec", /SQL: near "selec": syntax error/],
    ["", /SQL|only questions|question/],
  ])("refuses %j in one line", async (sql, message) => {
    const before = statSync(database).mtimeMs;
    expectRefused(await skbtracer("sql", database, sql), message);
    expect(statSync(database).mtimeMs).toBe(before);
  });

  test("an error that only its rows show is one line too", async () => {
    const { code, stderr } = await skbtracer("sql", database, "select abs(-9223372036854775808)");
    expect(stderr).toMatch(/^skbtracer: SQL: integer overflow\n$/);
    expect(code).toBe(2);
  });

  test("of a recording imports it, and leaves nothing behind", async () => {
    const folder = path("sql-tmp");
    mkdirSync(folder);
    const { stdout } = await bash(
      `TMPDIR=${folder} $SKBTRACER sql ${VETH} "select count(*) as n from drops where not benign"`,
    );
    expect(rowsOf(stdout)).toEqual([{ n: 11 }]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("writes 64-bit numbers in full, and CSV that a spreadsheet does not run", async () => {
    const question = "select 9007199254740993 as wide, -5 as less, '=1+1' as formula, null as none";
    expect((await ok("sql", database, question)).stdout).toBe(
      '{"wide":9007199254740993,"less":-5,"formula":"=1+1","none":null}\n',
    );
    expect((await ok("sql", "--csv", database, question)).stdout).toBe(
      "wide,less,formula,none\n9007199254740993,-5,'=1+1,\n",
    );
    const heading = await ok("sql", "--csv", database, `select 1 as "=x"`);
    expect(heading.stdout).toBe("'=x\n1\n");
  });

  test("shows infinite numbers, by every format", async () => {
    const question = "select 9e999 as most, -9e999 as least";
    expect((await ok("sql", database, question)).stdout).toBe('{"most":"Infinity","least":"-Infinity"}\n');
    expect((await ok("sql", "--csv", database, question)).stdout).toBe("most,least\nInfinity,-Infinity\n");
  });
});

test("columns of one name are told apart by sql", async () => {
  const question = "select 1 as a, 2 as a, 3 as a_2, 4 as a";
  expect(rowsOf((await ok("sql", database, question)).stdout)).toEqual([{ a: 1, a_3: 2, a_2: 3, a_4: 4 }]);
});

test("an answer without paths says so", async () => {
  expect((await ok("paths", "--summary", "-H", "10.9.9.9", VETH)).stdout).toBe("no paths\n");
});

describe("a damaged recording", () => {
  const damaged = path("damaged.skbt");
  beforeAll(() => {
    const bytes = readFileSync(VETH);
    for (let at = 80_000; at < 80_050; at++) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    writeFileSync(damaged, bytes);
  });

  test.each([
    ["paths"],
    ["paths", "--summary"],
    ["drops"],
    ["traversals"],
    ["losses"],
    ["sql", "select count(*) from paths"],
  ])("is answered by %s %s, and the damage is stated", async (command, ...rest) => {
    const [flag] = rest.filter((text) => text.startsWith("--"));
    const args = [
      command,
      ...(flag ? [flag] : []),
      damaged,
      ...rest.filter((text) => !text.startsWith("--")),
    ];
    const { stderr } = await ok(...args);
    expect(stderr).toMatch(/^skbtracer: damage/m);
    const strict = await skbtracer(...args, ...(command === "sql" ? [] : ["--strict"]));
    if (command === "sql") return;
    expect(strict.code).toBe(2);
    expect(strict.stderr).toMatch(/damaged at byte \d+/);
    expectNoTrace(strict.stderr);
  });

  test("shows the gap in losses, and what it makes incomplete", async () => {
    const rows = rowsOf((await ok("losses", "--json", damaged)).stdout);
    expect(rows).toContainEqual(expect.objectContaining({ cause: "damage", count: null }));
    const incomplete = rowsOf((await ok("paths", "--incomplete", "--json", damaged)).stdout);
    expect(
      incomplete.filter((row) => String(row["incomplete_because"]).includes("damage")).length,
    ).toBeGreaterThan(0);
  });

  test("--strict leaves no database", async () => {
    const { code } = await skbtracer("import", damaged, "-o", path("strict.db"), "--strict");
    expect(code).toBe(2);
    expect(readdirSync(path("")).filter((name) => name.startsWith("strict.db"))).toEqual([]);
  });

  test("a database that is damaged is said to be", async () => {
    const bytes = readFileSync(database);
    bytes.fill(0xff, 20_000);
    writeFileSync(path("damaged.db"), bytes);
    expectRefused(await skbtracer("paths", "--json", path("damaged.db")), /database/);
  });
});

describe("an output", () => {
  const EXPORTS: readonly string[][] = [
    ["export", VETH, "--table", "events", "--format", "csv"],
    ["export", VETH, "--table", "events", "--format", "parquet"],
    ["export", VETH, "--format", "pcapng"],
  ];
  test.each(
    [...EXPORTS, ["import", VETH]].map(
      (args) => [args.filter((arg) => arg !== VETH).join(" "), args] as const,
    ),
  )("that exists is left as it was by %s", async (name, args) => {
    const file = path(`precious ${name}`);
    writeFileSync(file, "precious");
    const { code, stderr } = await skbtracer(...args, "-o", file);
    expect(code).toBe(2);
    expect(stderr).toMatch(/exists/);
    expectNoTrace(stderr);
    expect(readFileSync(file, "utf8")).toBe("precious");
  });

  test.runIf(process.getuid?.() === 0).each([
    ["import", VETH],
    ["export --table events --format csv", VETH],
    ["export --format pcapng --all-hops", VETH],
    ["export --table events --format ndjson --partition-by host,date", VETH],
  ])("on a full disk has nothing under its name: %s", async (command, file) => {
    const folder = path(`full ${command.replaceAll(" ", "")}`);
    mkdirSync(folder);
    const { code, stderr, stdout } = await bash(`
      mount -t tmpfs -o size=64k none "${folder}"; trap 'umount "${folder}"' EXIT
      $SKBTRACER ${command} ${file} -o "${folder}/out"; code=$?; ls -A "${folder}"; exit $code`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/no space left|disk is full/);
    expectNoTrace(stderr);
  });

  test.each([
    ["no/where.db", "no such folder"],
    ["file/x.db", "a part of the path is not a folder"],
    ["x".repeat(250), "the name is too long"],
  ])("that import cannot make is named, with the reason: $1", async (name, reason) => {
    writeFileSync(path("file"), "");
    const result = await skbtracer("import", VETH, "-o", path(name));
    expectRefused(result, new RegExp(`cannot create ${path(name)}: ${reason}$`, "m"));
  });

  test("of import twice is the same, and says so", async () => {
    const file = path("twice.db");
    await ok("import", BRIDGE, "-o", file);
    const before = readFileSync(file);
    const { stderr } = await ok("import", BRIDGE, "-o", file);
    expect(stderr).toMatch(/is in the database already/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("of several files, what is wrong with one names it", async () => {
    const none = path("none.skbt");
    writeFileSync(none, "none");
    for (const command of [["paths"], ["drops"], ["import", "-o", path("named.db")]]) {
      const { code, stderr } = await skbtracer(...command, LOSSY, none);
      expect(code).toBe(2);
      expect(stderr).toContain(`skbtracer: ${LOSSY}: 802 event(s) were lost`);
      expect(stderr).toContain(`skbtracer: ${none}: not a recording of skbtracer`);
    }
  });

  test("of an import of which one file is none is not there", async () => {
    const file = path("none.db");
    const result = await skbtracer("import", BRIDGE, path("nosuch.skbt"), "-o", file);
    expect(result.code).toBe(2);
    expectNoTrace(result.stderr);
    expect(readdirSync(path("")).filter((name) => name.startsWith("none.db"))).toEqual([]);
  });

  test.each([
    "paths",
    "paths --json",
    "paths --summary",
    "drops --list",
    "traversals --list",
    "export --table events --format csv -o -",
  ])("whose reader goes away is no failure: %s", async (command) => {
    const { stdout, stderr } = await bash(
      `$SKBTRACER ${command} ${VETH} | true; echo "code \${PIPESTATUS[0]}"`,
    );
    expect(stdout).toMatch(/^code 0$/m);
    expectNoTrace(stderr);
  });
});

describe("names that others have chosen", () => {
  const HOSTILE = "=cmd|'\u001B[31m\u0007\"\u202E";
  const file = path("hostile.skbt");
  // oxlint-disable-next-line no-control-regex -- finding them is what this is for
  const COMMANDS = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E]/;

  beforeAll(() => {
    const interfaces = [{ ifindex: 1, name: HOSTILE }];
    const made = new MadeRecording({ namespaces: [{ inode: 5, name: `ns${HOSTILE}`, interfaces }] });
    const at = { netns: 5, ifindex: 1, skb: 0x1000n, packet: "udpDns" } as const;
    made.on(
      0,
      { ...at, ns: 1, at: "ip_rcv", first: true },
      { ...at, ns: 2, kind: "TRAVERSAL", table: `t${HOSTILE.slice(0, -1)}`, hook: 1, verdict: 0 },
      { ...at, ns: 3, kind: "DROP", location: `f${HOSTILE}`, reason: 4 },
      { skb: 0x1000n, ns: 4, kind: "FREE" },
    );
    writeFileSync(file, made.bytes());
  });

  test.each(["paths", "paths --summary", "drops", "drops --list", "traversals", "traversals --list"])(
    "are shown by %s so that they do nothing",
    async (command) => {
      const { stdout } = await ok(...command.split(" "), file);
      expect(stdout).toContain("=cmd|'\\x1b[31m\\x07\"");
      expect(stdout).not.toMatch(COMMANDS);
    },
  );

  test.each([
    "sql FILE 'select * from interfaces'",
    "sql FILE --csv 'select * from interfaces'",
    "export FILE --table interfaces --format csv -o - 2> /dev/null",
  ])("are shown by %s so that they do nothing, on a terminal", async (command) => {
    const hostile = path("hostile.db");
    await ok("import", file, "-o", hostile, "--force");
    const line = `stty cols 300; $SKBTRACER ${command.replace("FILE", hostile)}`;
    const { stdout } = await bash(`PAGER=cat NO_COLOR=1 script -qec "${line}" /dev/null < /dev/null`);
    expect(stdout).toContain("\\x1b[31m");
    expect(stdout.replaceAll("\r\n", "\n")).not.toMatch(COMMANDS);
  });

  test("of files are shown so that they do nothing", async () => {
    const missing = `\u001B[31mmissing`;
    for (const command of [["paths"], ["sql"], ["import", "-o", path("x.db")]]) {
      const { stderr } = await skbtracer(...command, missing, ...(command[0] === "sql" ? ["select 1"] : []));
      expect(stderr).toContain("\\x1b[31mmissing");
      expect(stderr.trimEnd()).not.toMatch(COMMANDS);
    }
  });

  test("are themselves in JSON", async () => {
    const [row] = rowsOf((await ok("paths", "--json", file)).stdout);
    expect(row).toMatchObject({ interfaces: HOSTILE, drop_location: `f${HOSTILE}+0x9f` });
    const [device] = rowsOf((await ok("sql", file, "select interface from interfaces")).stdout);
    expect(device).toEqual({ interface: HOSTILE });
  });

  test("run in no spreadsheet", async () => {
    const { stdout } = await ok("export", "--table", "interfaces", "--format", "csv", "-o", "-", file);
    expect(stdout).toContain("'=cmd|'\u001B[31m\u0007");
    expect((await ok("sql", "--csv", file, "select * from interfaces")).stdout).toContain(
      "'=cmd|'\u001B[31m\u0007",
    );
  });
});

describe("on a terminal", () => {
  /** What a terminal of some columns is shown. */
  const shown = async (command: string, columns: number, env = ""): Promise<string> => {
    const line = `stty cols ${columns}; ${env} PAGER=cat $SKBTRACER ${command}`;
    // Whoever runs the tests may have asked for no colours.
    const { stdout } = await bash(`env -u NO_COLOR TERM=xterm script -qec "${line}" /dev/null < /dev/null`);
    return stdout.replaceAll("\r\n", "\n");
  };
  const COMMANDS = [
    `paths --summary ${VETH}`,
    `drops ${VETH}`,
    `traversals ${VETH}`,
    `sql ${VETH} 'select * from paths limit 3'`,
  ];
  const ANSI = /\u001B\[\d+m/g; // oxlint-disable-line no-control-regex -- finding them is what this is for

  test.each(COMMANDS)("%s is no wider than it", async (command) => {
    for (const columns of [60, 80, 200]) {
      const lines = (await shown(command, columns)).replace(ANSI, "").split("\n");
      expect(lines.length).toBeGreaterThan(3);
      // A progress bar is wiped away.
      const widths = lines.map((line) => line.split("\u001B[K").at(-1)?.length ?? 0);
      expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
    }
  });

  test("what matters is whole, however narrow it is", async () => {
    const words = async (command: string, columns: number): Promise<string> =>
      (await shown(command, columns)).replace(ANSI, "").replaceAll(/\s+/g, " ");
    for (const columns of [60, 80]) {
      expect(await words(`traversals ${VETH}`, columns)).toContain("verdicts: ACCEPT 17, DROP 8");
      expect(await words(`paths --summary ${VETH}`, columns)).toContain("NETFILTER_DROP");
      expect(await words(`drops ${VETH}`, columns)).toContain(
        "because: a message between processes of this host (AF_UNIX, netlink), not a packet of a network",
      );
      const record = await words(`sql ${VETH} 'select * from paths where path = 49'`, columns);
      expect(record).toContain("row 1 recording 8d70c1e0-af91-d07a-e7b3-3cc481507442 path 49");
      expect(record).toContain("verdicts nat.PREROUTING.ACCEPT filter.INPUT.DROP drop_reason NETFILTER_DROP");
    }
  });

  test("a table of more rows than its columns are fitted to has them all", async () => {
    const many =
      "with n(i) as (select 1 union all select i + 1 from n where i < 2500) select i as number from n";
    const lines = (await shown(`sql ${database} '${many}'`, 100)).trim().split("\n");
    expect(lines.slice(1).map(Number)).toEqual(Array.from({ length: 2500 }, (_, i) => i + 1));
  });

  test.each(COMMANDS)("%s has colours, unless NO_COLOR is set", async (command) => {
    expect(await shown(command, 100)).toMatch(ANSI);
    expect(await shown(command, 100, "NO_COLOR=1")).not.toMatch(ANSI);
  });

  test.each([
    "paths",
    "paths --summary",
    "drops",
    "drops --list",
    "traversals",
    "traversals --list",
    "losses",
  ])("or none, %s has no colours in a pipe", async (command) => {
    expect((await ok(...command.split(" "), VETH)).stdout).not.toMatch(ANSI);
  });

  test.each(["csv", "ndjson"])("rows of export as %s share no line with its progress", async (format) => {
    const command = `export ${VETH} --table events --format ${format} -o -`;
    expect(await shown(command, 100)).not.toContain("exporting");
  });

  test("the pager is used, and left", async () => {
    const { stdout } = await bash(
      `TERM=xterm PAGER='sed s/^/paged:/' script -qec "$SKBTRACER drops ${VETH}" /dev/null < /dev/null`,
    );
    expect(stdout).toMatch(/^paged:.*DROPS/m);
  });
});

describe("a signal in the middle", () => {
  const half = path("half");
  const tmp = path("tmp");
  mkdirSync(tmp);

  /** Runs until half a recording is read, and sends a signal then. */
  const interrupted = (command: string): Promise<RunResult> =>
    bash(
      `mkfifo ${half}; (head -c 100000 ${VETH}; sleep 30) > ${half} & writer=$!
       TMPDIR=${tmp} node ${CLI} ${command} & reader=$!
       for _ in $(seq 100); do ls ${path("")} ${tmp} | grep -qE 'ing-[0-9]+|skbtracer-sql' && break; sleep 0.1; done
       ls ${path("")} ${tmp} | grep -E 'ing-[0-9]+|skbtracer-sql'; sleep 0.3
       kill -INT $reader; wait $reader; code=$?; kill $writer; rm ${half}; exit $code`,
    );

  test.each([
    ["import", `import ${half} -o ${path("interrupted.db")}`],
    ["import into Arrow", `import ${half} -o ${path("interrupted.arrow")}`],
    ["export", `export ${half} --table events --format csv -o ${path("interrupted.csv")}`],
    ["sql", `sql ${half} "select 1"`],
  ])("%s leaves nothing behind", async (_, command) => {
    const { code, stdout } = await interrupted(command);
    // Something had been begun.
    expect(stdout).toMatch(/ing-|skbtracer-sql/);
    expect(code).toBe(130);
    expect(readdirSync(path("")).filter((name) => /interrupted|ing-\d/.test(name))).toEqual([]);
    expect(readdirSync(tmp).filter((name) => name.startsWith("skbtracer-sql"))).toEqual([]);
  });
});
