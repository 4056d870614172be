// What is recorded of nftables, iptables of both kinds, hooks, NAT and traced rules equals what the rules themselves, the
// kernel and conntrack say of the same traffic.
import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { PathRow, TraversalRow } from "@skbtracer/analyzer";
import { afterAll, describe, expect } from "vitest";

import { kernelsHere } from "../harness/kernels.mjs";
import { runScenarios } from "../harness/scenarios.mjs";
import { commandOutput, jsonLines } from "./command.js";
import { expectDone, testsOn } from "./guest.js";
import { parseChains, passes, taken } from "./iptables.js";

const folder = mkdtempSync(join(tmpdir(), "skbtracer-vm-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A rule of `nft -j list ruleset`. */
interface NftRule {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly handle: number;
  readonly comment?: string;
  readonly expr: readonly { readonly counter?: { readonly packets: number } }[];
}

/** A recording, with what was counted before and after its traffic. */
class Recorded {
  readonly #folder: string;

  constructor(suite: string, name: string) {
    this.#folder = join(folder, suite, name);
  }

  text(name: string): Promise<string> {
    return readFile(join(this.#folder, name), "utf8");
  }

  async netns(name: string): Promise<number> {
    return Number(await this.text(`netns.${name}`));
  }

  /** What a command prints of the recording. */
  print(command: string, ...flags: string[]): Promise<string> {
    const args = [command, ...flags, join(this.#folder, "recording.skbt")];
    // Messages between processes are told of there, and how much was exported.
    return commandOutput(args, /^skbtracer: \d+ (path\(s\) without a packet|row\(s\) of).*\n/gm);
  }

  async paths(...flags: string[]): Promise<PathRow[]> {
    return jsonLines(await this.print("paths", "--json", ...flags)) as PathRow[];
  }

  /** Passes in a namespace. */
  async passes(netns: string, ...flags: string[]): Promise<TraversalRow[]> {
    const inode = await this.netns(netns);
    const all = jsonLines(await this.print("traversals", "--json", ...flags)) as TraversalRow[];
    return all.filter((row) => row.netns === inode);
  }

  /** The rules of a namespace, with the packets that their counters counted during the traffic. */
  async nftRules(netns: string): Promise<(NftRule & { packets: number })[]> {
    const read = async (when: string): Promise<NftRule[]> => {
      const { nftables } = JSON.parse(await this.text(`${netns}.${when}.json`)) as {
        nftables: { rule?: NftRule }[];
      };
      return nftables.flatMap(({ rule }) => (rule ? [rule] : []));
    };
    const before = await read("before");
    return (await read("after")).map((rule, i) => ({
      ...rule,
      packets: packetsOf(rule) - packetsOf(before[i]),
    }));
  }

  /** How far something rose that a function finds in a file. */
  async rise(file: string, find: (text: string) => number): Promise<number> {
    const [name = "", ending = ""] = file.split("*");
    return find(await this.text(`${name}after${ending}`)) - find(await this.text(`${name}before${ending}`));
  }
}

function packetsOf(rule: NftRule | undefined): number {
  return rule?.expr.find(({ counter }) => counter)?.counter?.packets ?? 0;
}

const inChain = (rows: readonly TraversalRow[], table: string, chain: string): TraversalRow[] =>
  rows.filter((row) => row.engine === "nft" && row.table_name === table && row.chain === chain);

/** Declares the tests of one kernel. */
export async function testNetfilter(suite: string): Promise<void> {
  const kernel = (await kernelsHere()).find((row) => row.suite === suite);
  if (!kernel) throw new Error(`no kernel of ${suite} in the table`);
  describe(`netfilter on Linux ${kernel.line} (Debian ${suite})`, () => {
    const plain = new Recorded(suite, "plain");
    const traced = new Recorded(suite, "rules");
    const both = [plain, traced] as const;

    const it = testsOn(kernel, async (ready) => {
      const result = await runScenarios({
        kernel: ready,
        script: "record-netfilter.sh",
        out: join(folder, suite),
        env: { KILL: kernel.isOutermost ? "yes" : "" },
      });
      expectDone(result);
    });

    it("passes through nftables' base chains equal their counters", async () => {
      for (const recorded of both) {
        const rows = await recorded.passes("router");
        const counted = (await recorded.nftRules("router")).filter(({ comment }) => comment === "pass");
        expect(counted).toHaveLength(6);
        expect(counted.every(({ packets }) => packets > 0)).toBe(true);
        for (const { family, table, chain, packets } of counted) {
          const passed = inChain(rows, table, chain);
          expect(passed.length, `${table} ${chain}`).toBe(packets);
          expect(new Set(passed.map(({ table_family }) => table_family))).toEqual(new Set([family]));
        }
        const families = inChain(rows, "fw", "early").map(({ family }) => family);
        expect(new Set(families)).toEqual(new Set(["ip", "ip6"]));
      }
    });

    it("a host of iptables-nft shows as many passes and drops as its chains count", async () => {
      const rows = await plain.passes("server");
      for (const name of ["INPUT", "OUTPUT"]) {
        const passed = inChain(rows, "filter", name);
        const rise = (count: (chain: ReturnType<typeof chainOf>) => number): Promise<number> =>
          plain.rise("server.iptables-nft.*.txt", (text) => count(chainOf(text, name)));
        expect(passed.length, name).toBe(await rise(passes));
        const dropped = passed.filter(({ verdict }) => verdict === "DROP");
        expect(dropped.length, name).toBe(await rise((chain) => taken(chain, "DROP")));
        expect(dropped.length).toBe(name === "INPUT" ? 2 : 0);
      }
    });

    it("iptables-legacy beside it shows its own, in the order in which both ran", async () => {
      const rows = await plain.passes("router");
      const legacy = rows.filter(({ engine, hook }) => engine === "xtables" && hook === "FORWARD");
      expect(legacy.length).toBe(
        await plain.rise("router.legacy.*.txt", (text) => passes(chainOf(text, "FORWARD"))),
      );
      expect(legacy.filter(({ verdict }) => verdict === "DROP").length).toBe(3);
      const order = ["fw/forward.FORWARD", "filter.FORWARD", "late/forward.FORWARD"];
      let whole = 0;
      for (const { verdicts } of await plain.paths()) {
        const forward = (verdicts ?? "").split(" ").filter((verdict) => verdict.includes(".FORWARD."));
        // Each is missing only if the one before it dropped the packet.
        const places = forward.map((verdict) => verdict.replace(/\.[A-Z]+$/, ""));
        expect(places).toEqual(order.slice(0, places.length));
        if (places.length === order.length) whole++;
        else if (places.length > 0) expect(forward.at(-1)).toMatch(/\.DROP$/);
      }
      expect(whole).toBeGreaterThan(10);
    });

    it("what rules drop is dropped there, and no hook is blamed for it", async () => {
      for (const recorded of both) {
        const [rule] = (await recorded.nftRules("router")).filter(({ comment }) =>
          comment?.includes("discard"),
        );
        expect(rule?.packets).toBe(5);
        const dropped = (await recorded.paths("-P", "9")).filter(({ outcome }) => outcome === "dropped");
        expect(dropped.length).toBe(rule?.packets);
        for (const { verdicts } of dropped) expect(verdicts).toMatch(/ fw\/forward\.FORWARD\.DROP$/);
        const hooks = (await recorded.passes("router", "-P", "9")).filter(({ engine }) => engine === "hooks");
        expect(hooks.map(({ hook, verdict }) => `${hook} ${verdict}`)).toEqual(Array(5).fill("FORWARD DROP"));
      }
    });

    it("a hook that is no table's shows: conntrack keeps fragments until the packet is whole", async () => {
      const [requested, whole] = await Promise.all(
        ["ReasmReqds", "ReasmOKs"].map((name) => plain.rise("snmp.*.txt", (text) => ipCounter(text, name))),
      );
      const kept = (requested ?? 0) - (whole ?? 0);
      expect(kept).toBeGreaterThan(0);
      const stolen = (await plain.passes("router")).filter(
        ({ engine, verdict }) => engine === "hooks" && verdict === "STOLEN",
      );
      expect(stolen.length).toBe(kept);
      expect(new Set(stolen.map(({ hook }) => hook))).toEqual(new Set(["PREROUTING"]));
      const paths = (await plain.paths()).filter(({ verdicts }) =>
        verdicts?.includes("hooks.PREROUTING.STOLEN"),
      );
      expect(paths.length).toBe(kept);
    });

    it("DNAT and masquerading are shown before and after, in both directions, as conntrack has them", async () => {
      const found =
        /src=(\S+) dst=(\S+) sport=(\d+) dport=8080 .*?src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/.exec(
          await plain.text("conntrack.txt"),
        );
      const [, client, router, port, server, outside, served, outsidePort] = found ?? [];
      expect([client, router, server, outside, served]).toEqual([
        "10.1.0.2",
        "10.1.0.1",
        "10.2.0.2",
        "10.2.0.1",
        "80",
      ]);
      const there = {
        nat_before: `${client}:${port} -> ${router}:8080`,
        nat_after: `${outside}:${outsidePort} -> ${server}:${served}`,
      };
      const back = {
        nat_before: `${server}:${served} -> ${outside}:${outsidePort}`,
        nat_after: `${router}:8080 -> ${client}:${port}`,
      };
      const tcp = (await plain.paths("--proto", "tcp")).filter(
        ({ parent, hops }) => parent === null && hops > 3,
      );
      expect(tcp.length).toBeGreaterThan(4);
      for (const path of tcp)
        expect(path).toMatchObject(
          path.destination_port === 80 || path.source_port === 8080 || path.destination_port === 8080
            ? there
            : back,
        );
      const syn = tcp.filter(({ info }) => info === "SYN");
      expect(syn).toMatchObject([{ ...there, conntrack: "NEW" }]);
      const answer = tcp.filter(({ info }) => info === "ACK,SYN");
      expect(answer).toMatchObject([{ ...back, conntrack: "ESTABLISHED_REPLY" }]);
      const ping = (await plain.paths("--proto", "icmp", "-H", "10.2.0.2")).filter(
        ({ icmp_seq, nat_before }) => icmp_seq !== null && nat_before !== null,
      );
      expect(new Set(ping.map(({ nat_before, nat_after }) => `${nat_before} => ${nat_after}`))).toEqual(
        new Set([
          "10.1.0.2 -> 10.2.0.2 => 10.2.0.1 -> 10.2.0.2",
          "10.2.0.2 -> 10.2.0.1 => 10.2.0.2 -> 10.1.0.2",
        ]),
      );
      const tree = await plain.print("paths", "-P", "8080", "-c", "1");
      expect(tree).toContain(`NAT ${there.nat_before}  =>  ${there.nat_after}`);
      expect(tree).toContain(`now ${there.nat_after}`);
    });

    it("with --nft-rules each pass has the rule that decided it", async () => {
      expect(
        (await plain.passes("router")).every(
          ({ rule_handle, rule }) => rule_handle === null && rule === null,
        ),
      ).toBe(true);
      const rows = await traced.passes("router");
      const nft = rows.filter(({ engine }) => engine === "nft");
      expect(nft.filter(({ rule_handle, rule }) => rule_handle === null && rule !== "policy")).toEqual([]);
      const rules = await traced.nftRules("router");
      const [discard] = rules.filter(({ comment }) => comment?.includes("discard"));
      const dropped = inChain(rows, "fw", "forward").filter(({ verdict }) => verdict === "DROP");
      expect(new Set(dropped.map(({ rule_handle, rule }) => `${rule_handle} ${rule}`))).toEqual(
        new Set([`${discard?.handle} udp dport 9 counter drop comment "discard is not served"`]),
      );
      expect(dropped.length).toBe(discard?.packets);
      // In a chain that is jumped to.
      const [web] = rules.filter(({ chain }) => chain === "web");
      const accepted = inChain(rows, "fw", "forward").filter(
        ({ rule_handle }) => rule_handle === web?.handle,
      );
      expect(accepted.length).toBe(web?.packets);
      const [redirect] = rules.filter(({ chain, comment }) => chain === "pre" && comment !== "pass");
      const redirected = inChain(rows, "nat", "pre").filter(
        ({ rule_handle }) => rule_handle === redirect?.handle,
      );
      expect(redirected.length).toBe(redirect?.packets);
      expect(inChain(rows, "late", "forward").every(({ rule }) => rule === "policy")).toBe(true);
      const server = (await traced.passes("server")).filter(
        ({ verdict, engine }) => verdict === "DROP" && engine === "nft",
      );
      expect(server).toHaveLength(2);
      for (const { rule } of server) expect(rule).toMatch(/udp dport 5 .*drop/);
      expect(await traced.print("paths", "-P", "9", "-c", "1")).toMatch(
        /fw\/forward FORWARD DROP {2}by rule \d+: udp dport 9 /,
      );
    });

    it("listings of all kinds of rules are in the recording, of its begin and its end", async () => {
      const rows = jsonLines(
        await plain.print("export", "--table", "rules", "--format", "ndjson", "-o", "-"),
      ) as { moment: string; netns: number; kind: string; text: string }[];
      for (const [netns, kind, text] of [
        ["router", "iptables-legacy", "-A FORWARD -p udp -m udp --dport 10 -j DROP"],
        ["server", "iptables-nft", "-A INPUT -p udp -m udp --dport 5 -j DROP"],
        ["router", "nft", '"nftables"'],
        ["router", "nft-handles", "udp dport 9 counter"],
      ] as const) {
        const inode = await plain.netns(netns);
        const moments = rows.filter(
          (row) => row.netns === inode && row.kind === kind && row.text.includes(text),
        );
        expect(
          moments.map(({ moment }) => moment),
          kind,
        ).toEqual(["start", "end"]);
      }
    });

    const killing = kernel.isOutermost ? it : undefined;
    killing?.("tracing of rules ends with its recorder, or is found and ended", async () => {
      const killed = new Recorded(suite, "killed");
      const said = await killed.text("holders.txt");
      for (const moment of ["the recordings", "SIGKILL", "doctor", "the next run", "SIGINT"])
        expect(said).toContain(`after ${moment}: \n`);
      expect(said).toContain("left: yes");
      expect(await killed.text("doctor.txt")).toMatch(
        /^warn leftovers +tracing of nftables rules was still on.*\n.*switched off/,
      );
      expect(await killed.text("next.stderr")).toMatch(
        /switched off tracing of nftables rules that a recorder \(process \d+\) had left on/,
      );
    });
  });
}

function chainOf(text: string, name: string): ReturnType<ReturnType<typeof parseChains>["get"]> {
  return parseChains(text).get(name);
}

/** A counter of the lines `Ip: name...` and `Ip: value...` of /proc/net/snmp. */
function ipCounter(text: string, name: string): number {
  const [names = [], values = []] = text
    .split("\n")
    .filter((line) => line.startsWith("Ip: "))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf(name)]);
}
