// Drops of many kinds, on each kernel: as many as the kernel's own counters say, with the reason that it gives, and with
// an explanation. Read on this machine, which knows nothing of that kernel.
import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type DropRow, explainDrop, explainedNames, explainName } from "@skbtracer/analyzer";
import { RecordingReader } from "@skbtracer/format";
import { afterAll, describe, expect } from "vitest";

import { kernelsHere } from "./harness/kernels.mjs";
import { runScenarios } from "./harness/scenarios.mjs";
import { commandOutput, jsonLines } from "./support/command.js";
import { counter, counterNames } from "./support/counters.js";
import { expectDone, testsOn } from "./support/guest.js";
import { parseChains, taken } from "./support/iptables.js";

/** Files that other programs wrote in the same run. */
type Truth = (name: string) => Promise<string>;

interface Kind {
  readonly of: (drop: DropRow) => boolean;
  /** With which the kernels from 6.1 on drop it; those that differ, by the kernel's line. */
  readonly reason: string;
  readonly otherReasons?: Readonly<Record<string, string>>;
  readonly functions: RegExp;
  readonly count: (truth: Truth) => Promise<number>;
}

const isUdpTo = (port: number, { protocol, destination_port }: DropRow): boolean =>
  protocol === "UDP" && destination_port === port;

/** Not where the queue is emptied as the shaper is taken away. */
const AT_QDISC = /^(__dev_queue_xmit|kfree_skb_list|kfree_skb_list_reason|__tcf_kfree_skb_list)$/;

const KINDS: Readonly<Record<string, Kind>> = {
  "the reverse path filter": {
    of: ({ source }) => source === "203.0.113.7",
    reason: "IP_RPFILTER",
    functions: /^ip_rcv_finish_core$/,
    count: async (truth) => counter(await truth("netstat.txt"), "TcpExt", "IPReversePathFilter"),
  },
  "a source that may be on no wire": {
    of: ({ source, interface: device }) => source === "127.0.0.1" && device === "vb",
    reason: "NOT_SPECIFIED",
    otherReasons: { newest: "IP_LOCALNET" },
    functions: /^ip_rcv_finish_core$/,
    // The kernel counts them nowhere. The scenario sends two.
    count: () => Promise.resolve(2),
  },
  "a TTL that is used up": {
    of: ({ destination }) => destination === "10.0.9.9",
    reason: "IP_INHDR",
    functions: /^ip_forward$/,
    count: async (truth) => counter(await truth("snmp.txt"), "Ip", "InHdrErrors"),
  },
  "no route": {
    of: ({ destination }) => destination === "198.51.100.1",
    reason: "IP_INNOROUTES",
    functions: /^ip_error$/,
    count: async (truth) => counter(await truth("netstat.txt"), "IpExt", "InNoRoutes"),
  },
  "a wrong checksum": {
    of: (drop) => isUdpTo(9999, drop) && drop.source === "10.0.3.1" && drop.destination === "10.0.3.2",
    reason: "UDP_CSUM",
    functions: /^(__udp4_lib_rcv|udp_rcv)$/,
    count: async (truth) => counter(await truth("snmp.txt"), "Udp", "InCsumErrors"),
  },
  "a rule of iptables": {
    of: (drop) => isUdpTo(9, drop) && drop.interface === "vb",
    reason: "NETFILTER_DROP",
    functions: /^nf_hook_slow$/,
    count: async (truth) => taken(parseChains(await truth("filter.txt")).get("INPUT"), "DROP"),
  },
  "a UDP port that nobody listens on": {
    of: (drop) => isUdpTo(7777, drop),
    reason: "NO_SOCKET",
    functions: /^(__udp4_lib_rcv|udp_rcv)$/,
    count: async (truth) => counter(await truth("snmp.txt"), "Udp", "NoPorts"),
  },
  "a TCP port that nobody listens on": {
    of: ({ protocol, destination_port }) => protocol === "TCP" && destination_port === 81,
    reason: "NO_SOCKET",
    functions: /^tcp_v4_rcv$/,
    count: async (truth) => counter(await truth("snmp.txt"), "Tcp", "OutRsts"),
  },
  "a socket whose buffer is full": {
    of: (drop) => isUdpTo(5000, drop) && !drop.benign,
    reason: "SOCKET_RCVBUFF",
    functions: /^udp_queue_rcv_one_skb$/,
    count: async (truth) => counter(await truth("snmp.txt"), "Udp", "RcvbufErrors"),
  },
  "a neighbour that does not answer": {
    of: ({ destination, protocol }) => destination === "10.0.3.77" && protocol === "UDP",
    reason: "NEIGH_FAILED",
    functions: /^(neigh_invalidate|arp_error_report)$/,
    count: () => Promise.resolve(1),
  },
  "a shaper whose queue is full": {
    of: (drop) => isUdpTo(9, drop) && drop.interface === "va" && AT_QDISC.test(drop.function),
    reason: "QDISC_DROP",
    functions: AT_QDISC,
    count: async (truth) => Number(/dropped (\d+)/.exec(await truth("tc.txt"))?.[1]),
  },
};

const folder = mkdtempSync(join(tmpdir(), "skbtracer-vm-drops-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

for (const row of await kernelsHere()) {
  const { suite, line } = row;
  const hasReasons = line !== "5.10";
  describe(`drops on Debian ${suite} (${line})`, () => {
    const out = join(folder, suite);
    const truth: Truth = (name) => readFile(join(out, name), "utf8");
    const skbtracer = (...args: string[]): Promise<string> =>
      commandOutput([...args, join(out, "recording.skbt")]);
    let drops: DropRow[] = [];
    const it = testsOn(row, async (kernel) => {
      expectDone(await runScenarios({ kernel, out, script: "record-drops.sh" }));
      drops = jsonLines(await skbtracer("drops", "--json")) as DropRow[];
    });

    for (const [name, kind] of Object.entries(KINDS))
      it(`${name}: as many as counted, where and why, none of them harmless`, async () => {
        const found = drops.filter(kind.of);
        expect(found.length).toBe(await kind.count(truth));
        expect(found.length).toBeGreaterThan(0);
        const reason = hasReasons ? (kind.otherReasons?.[line] ?? kind.reason) : null;
        for (const drop of found) {
          expect(drop).toMatchObject({ reason, benign: false });
          expect(drop.function).toMatch(kind.functions);
        }
      });

    it("each drop is explained, once for each reason or place", async () => {
      const text = await skbtracer("drops");
      const explained = drops
        .filter(({ benign }) => !benign)
        .map(({ reason, function: place }) => explainDrop(reason, place));
      expect(explained).not.toContain(undefined);
      const meanings = new Set(explained.map((one) => one?.means));
      expect(meanings.size).toBeGreaterThan(hasReasons ? 9 : 7);
      for (const means of meanings) expect(text.split(`  means     ${means}\n`).length, means).toBe(2);
    });

    it("what raw sockets of ping did not want of each other is harmless, and so are its replies", () => {
      const benign = drops.filter(({ protocol, info }) => protocol === "ICMP" && info === "reply");
      expect(benign.length).toBeGreaterThan(0);
      for (const drop of benign) expect(drop.benign, `${drop.reason} at ${drop.location}`).toBe(true);
      return Promise.resolve();
    });

    const onNewest = line === "newest" ? it : undefined;
    onNewest?.("what is said to check is there: counters of nstat, and sysctls", async () => {
      const settings = new Set((await truth("sysctl.txt")).split("\n"));
      const counters = new Set([
        ...counterNames(await truth("snmp.txt")),
        ...counterNames(await truth("netstat.txt")),
        ...(await truth("snmp6.txt")).split("\n").map((one) => one.split(/\s/)[0] ?? ""),
      ]);
      const commands = explainedNames().flatMap((name) => explainName(name)?.check.split("; ") ?? []);
      const named = (program: RegExp, name: RegExp): string[] =>
        commands.filter((command) => program.test(command)).flatMap((command) => command.match(name) ?? []);
      const sysctls = named(/^sysctl /, /\b(?:net|vm)\.[\w.-]+/g).map((one) => one.replace("DEVICE", "vb"));
      const nstats = named(/^nstat -az [A-Z]/, /\b[A-Z]\w+/g);
      expect(sysctls.length).toBeGreaterThan(30);
      expect(sysctls.filter((one) => !settings.has(one))).toEqual([]);
      expect(nstats.length).toBeGreaterThan(50);
      expect(nstats.filter((one) => !counters.has(one))).toEqual([]);
    });

    it("each has the stack that led to it, by name", () => {
      for (const { stack, function: place } of drops.filter(({ benign }) => !benign)) {
        expect(stack).toContain(place);
        expect(stack).not.toMatch(/(^|; )0x/);
      }
      return Promise.resolve();
    });

    const withSubsystems = line === "6.12" ? it : onNewest;
    withSubsystems?.("reasons of subsystems have their names, of modules too", async () => {
      const reader = new RecordingReader({ mode: "strict" });
      for (const _ of reader.push(await readFile(join(out, "recording.skbt"))));
      const subsystems = reader.environment?.dropReasons.subsystems ?? [];
      const named = new Map(
        subsystems.map(({ name, reasons }) => [name, reasons.map((reason) => reason.name)]),
      );
      expect(named.get("MAC80211_UNUSABLE")).toContain("RX_DROP_U_REPLAY");
      expect(named.get("OPENVSWITCH")).toContain("OVS_DROP_LAST_ACTION");
    });
  });
}
