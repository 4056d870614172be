// Filter expressions: in the kernel and on recordings, with tcpdump as the judge; and wrong ones.
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { beforeAll, describe, expect, test } from "vitest";

import { info, run, skbtracer, startRecorder, startSkbtracer, stop } from "./support/cli.js";
import { eventsOf } from "./support/events.js";
import { FRAMES } from "./support/frames.js";
import { network } from "./support/network.js";
import { expectRefused } from "./support/refusal.js";
import { countCaptured, sendDatagrams, sendFrames, startServer, startTcpdump } from "./support/traffic.js";
import { workspace } from "./support/workspace.js";

const path = workspace();
const { a, b } = network();
const FIXTURE = fileURLToPath(new URL("../../fixtures/v1/veth-6.1.skbt", import.meta.url));

const EXPRESSIONS = [
  "icmp and host 10.91.0.1",
  "tcp port 8080 and not net 192.168.0.0/16",
  "arp or ip6",
  "ip[6:2] & 0x3fff != 0",
  "udp and greater 300",
  "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
  "not (icmp or udp or tcp)",
  "vlan and ip",
];

let liveOutput: string;

beforeAll(async () => {
  await startServer(b, 8080, 5353);
  const recorders = await Promise.all([
    ...EXPRESSIONS.map((expression, i) =>
      // Words by themselves, or one, or as an option.
      startRecorder(path(`${i}`), "record", "-o", path(`${i}`), "--no-rules", ...expression.split(" ")),
    ),
    startRecorder(path("all"), "record", "-o", path("all"), "--no-rules"),
  ]);
  const live = startSkbtracer(
    "--json",
    "--no-rules",
    "icmp[icmptype] = icmp-echo and ip[80:4] != 0xffffffff",
  );
  await delay(3000);
  const dump = await startTcpdump(b, path("pcap"));
  a.sh(`
    ping -q -c 3 -i 0.02 10.91.0.2; ping -q -c 3 -i 0.02 fd91::2; ping -q -c 2 -i 0.02 -s 3000 10.91.0.2
    ping -q -c 1 10.91.0.4; head -c 100000 /dev/zero > /dev/tcp/10.91.0.2/8080
    printf %0500d 1 > /dev/udp/10.91.0.2/5353`);
  a.sh(sendDatagrams("10.91.0.2", 5353, 3));
  expect(await a.start(...sendFrames("va", FRAMES)).ended).toMatchObject({ code: 0 });
  await delay(500);
  await stop(dump);
  for (const { stderr } of await Promise.all(recorders.map(stop)))
    expect(stderr).toMatch(/^0 event\(s\) lost \(none\)$/m);
  liveOutput = (await stop(live)).stdout;
});

/** Sent and received at b's device, by a recording. */
async function atDevice(file: string, ...flags: string[]): Promise<number> {
  return (await eventsOf(path(file), ...flags)).filter(
    (event) =>
      event.netns === b.inode &&
      event.interface === "vb" &&
      ["net:net_dev_queue", "net:netif_receive_skb"].includes(event.function),
  ).length;
}

describe.each(EXPRESSIONS.map((expression, i) => [expression, i] as const))("%s", (expression, i) => {
  test("lets pass in the kernel what tcpdump finds", async () => {
    const captured = await countCaptured(path("pcap"), expression);
    expect(captured).toBeGreaterThan(0);
    expect(await atDevice(`${i}`)).toBe(captured);
  });
  test("lets pass on replay what tcpdump finds", async () => {
    expect(await atDevice("all", "-e", expression)).toBe(await countCaptured(path("pcap"), expression));
  });
});

test("the recording says which expression it was made with", async () => {
  expect(await info(path("0"))).toMatchObject({ options: { filter: { expression: EXPRESSIONS[0] } } });
  expect((await skbtracer("info", path("0"))).stdout).toContain(`icmp and host 10.91.0.1`);
});

test("live prints what the kernel has decided, also by bytes that are not captured", () => {
  const lines = liveOutput.trim().split("\n").filter(Boolean);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(line).toContain('"icmp_type":8');
});

describe("reading commands", () => {
  test.each(["paths", "drops", "traversals"])("%s takes an expression", async (command) => {
    const count = async (...flags: string[]): Promise<number> =>
      (await skbtracer(command, "--json", ...flags, FIXTURE)).stdout.split("\n").filter(Boolean).length;
    const flags = await count("--proto", "udp", "-P", "9");
    expect(flags).toBeGreaterThan(0);
    expect(await count("-e", "udp port 9")).toBe(flags);
    expect(await count("-e", "udp and not udp")).toBe(0);
    expect(await count("-e", "udp", "-P", "9")).toBe(flags);
  });

  test("export takes an expression, for tables and for packets", async () => {
    const table = await skbtracer(
      "export",
      FIXTURE,
      "--table",
      "events",
      "--format",
      "ndjson",
      "-o",
      "-",
      "-e",
      "tcp",
    );
    expect(table.stdout.trim().split("\n").length).toBeGreaterThan(10);
    expect(table.stdout).not.toContain('"UDP"');
    const packets = path("packets.pcapng");
    await skbtracer("export", FIXTURE, "--format", "pcapng", "-o", packets, "-e", "tcp");
    // tcpdump takes one type of link layer only.
    const shown = async (filter: string): Promise<number> => {
      const { stdout } = await run("tshark", ["-r", packets, "-Y", filter]);
      return stdout.split("\n").filter(Boolean).length;
    };
    expect(await shown("tcp")).toBeGreaterThan(3);
    expect(await shown("not tcp")).toBe(0);
  });

  test("say how many events the recorded bytes do not decide", async () => {
    const { code, stdout, stderr } = await skbtracer(
      "paths",
      FIXTURE,
      "--json",
      "-e",
      "not udp[300] = 5 and udp",
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toBe("");
    const cut = await skbtracer("paths", path("all"), "--json", "-e", "icmp[1000] = 5");
    expect(cut.stderr).toMatch(/^skbtracer: [1-9]\d* event\(s\) could not be decided .*--snaplen/m);
  });

  test("refuse an expression for a database, which has no bytes of packets", async () => {
    await skbtracer("import", FIXTURE, "-o", path("trace.db"));
    expectRefused(await skbtracer("paths", path("trace.db"), "-e", "tcp"), /has no packets' bytes/);
  });
});

describe("a wrong expression", () => {
  test.each([
    [["-e", "tcp prot 80"], /filter expression: .*syntax error, at character 5: "prot 80"/],
    [["-e", "tcp port 80 and"], /syntax error, at its end/],
    [["-e", "host 10.0.0.300"], /invalid IPv4 address '10\.0\.0\.300', at character 6/],
    [["-e", "tcp\u001b[31m"], /syntax error, at character/],
    [["-e", "inbound"], /not its direction/],
  ])("is refused: %s", async (flags, message) => {
    for (const command of [[], ["record", "-o", path("never")], ["replay", FIXTURE], ["paths", FIXTURE]]) {
      const result = await skbtracer(...command, ...flags);
      expectRefused(result, message);
      expect(result.stderr).not.toContain("\u001b");
    }
  });

  test("is one given twice", async () => {
    expectRefused(
      await skbtracer("record", "-o", path("never"), "-e", "tcp", "udp"),
      /give the filter expression once/,
    );
  });

  test("may be long, and is refused if it is too long", async () => {
    const long = Array.from({ length: 300 }, (_, i) => `host 10.1.${i >> 8}.${i & 255}`).join(" or ");
    const { code, stderr } = await skbtracer("record", "-o", path("long"), "-e", long, "--duration", "100ms");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const longer = Array.from({ length: 3000 }, (_, i) => `port ${i + 1}`).join(" or ");
    expectRefused(await skbtracer("record", "-o", path("never"), "-e", longer), /too long: .* at most 16384/);
  });
});

test("what stands behind -- is the command, not the expression", async () => {
  const { code, stderr, stdout } = await skbtracer(
    ..."record -o".split(" "),
    path("command"),
    ..."icmp and host 127.0.0.1 -- ping -q -c 1 127.0.0.1".split(" "),
  );
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toContain("1 packets transmitted");
  expect((await info(path("command"))).events).toBeGreaterThan(0);
});
