// What is recorded on a kernel equals what its own counters and other programs say of the same traffic. Each kernel has
// a test file of its own, so that two are tested at a time.
import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect } from "vitest";

import { kernelsHere } from "../harness/kernels.mjs";
import { runScenarios } from "../harness/scenarios.mjs";
import { testAnswers } from "./answers.js";
import { commandOutput, CLI, jsonLines, run } from "./command.js";
import { expectDone, testsOn } from "./guest.js";
import { parseChains, passes, taken } from "./iptables.js";
import { followLives, type LifeEvent } from "./lives.js";

interface Event extends LifeEvent {
  readonly function: string;
  readonly netns: number;
  readonly interface?: string;
  readonly table?: string;
  readonly hook?: string;
  readonly verdict?: string;
  readonly drop_reason?: string;
  readonly drop_location?: string;
  readonly protocol?: number;
  readonly source?: string;
  readonly destination?: string;
  readonly destination_port?: number;
  readonly duration_ns?: number;
  readonly stack?: string[];
}

interface Info {
  readonly kernel: string;
  readonly events: number;
  readonly lost: number;
  readonly missing: number;
  readonly late: number;
  readonly closed: boolean;
  readonly damage: unknown[];
  readonly probes: { name: string; type: string; event: string; status: string; reason?: string }[];
  readonly stats: { counters: Record<string, number> };
}

const ECHO_REQUEST = 8;
const ECHO_REQUEST_6 = 128;
const UDP = 17;

const folder = mkdtempSync(join(tmpdir(), "skbtracer-vm-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A scenario's recording, read on this machine and not where it was made, with the truth beside it. */
class Scenario {
  readonly #folder: string;

  constructor(suite: string, name: string) {
    this.#folder = join(folder, suite, name);
  }

  /** What replay prints of a recording. */
  replay(name: string, ...flags: string[]): Promise<string> {
    return commandOutput(["replay", ...flags, join(this.#folder, `${name}.skbt`)]);
  }

  async events(name = "recording", stacks = "--dropstack"): Promise<Event[]> {
    const stdout = await this.replay(name, "--json", "--iptable", "--lifecycle", ...(stacks ? [stacks] : []));
    return jsonLines(stdout) as Event[];
  }

  /** What a command with answers prints as JSON. */
  async rows(command: "paths" | "drops" | "traversals", ...flags: string[]): Promise<unknown[]> {
    return jsonLines(
      await commandOutput([command, "--json", ...flags, join(this.#folder, "recording.skbt")]),
    );
  }

  async info(): Promise<Info> {
    const { stdout } = await run(process.execPath, [
      CLI,
      "info",
      "--json",
      join(this.#folder, "recording.skbt"),
    ]);
    return JSON.parse(stdout) as Info;
  }

  text(name: string): Promise<string> {
    return readFile(join(this.#folder, name), "utf8");
  }

  async netns(name: string): Promise<number> {
    return Number(await this.text(`netns.${name}`));
  }

  /** How far a counter of `ip -s -j link show` rose. */
  async link(device: string, direction: "rx" | "tx"): Promise<number> {
    const read = async (when: string): Promise<number> => {
      const [link] = JSON.parse(await this.text(`${device}.${when}.json`)) as [
        { stats64: Record<string, { packets: number }> },
      ];
      return link.stats64[direction]?.packets ?? Number.NaN;
    };
    return (await read("after")) - (await read("before"));
  }
}

const at = (events: readonly Event[], name: string, netns?: number): Event[] =>
  events.filter((event) => event.function === name && (netns === undefined || event.netns === netns));
const traversals = (events: readonly Event[], table: string, hook: string, netns: number): Event[] =>
  events.filter((event) => event.table === table && event.hook === hook && event.netns === netns);
/** netfilter drops in one place, which is the answer where the kernel gives no reasons. */
const netfilterDrops = (events: readonly Event[], netns: number): Event[] =>
  events.filter(
    (event) =>
      event.kind === "drop" && event.netns === netns && event.drop_location?.startsWith("nf_hook_slow+"),
  );

/** Kinds of events that show nothing of their packet. */
const WITHOUT_PACKET = new Set(["clone", "free", "head", "merge", "hook", "conntrack"]);

/** The events that show their packet. The others are of the same skbs. */
function packetsOf(events: readonly Event[]): Event[] {
  const [showing, other] = [true, false].map((shows) =>
    events.filter(({ kind }) => WITHOUT_PACKET.has(kind) !== shows),
  );
  const clones = events.filter(({ kind }) => kind === "clone");
  const skbs = new Set([...(showing ?? []), ...clones].map(({ skb }) => skb));
  for (const { kind, skb } of other ?? []) expect(skbs.has(skb), kind).toBe(true);
  return showing ?? [];
}

/** Declares the tests of one kernel. @param suite the Debian suite that has it */
export async function testKernel(suite: string): Promise<void> {
  const row = (await kernelsHere()).find((candidate) => candidate.suite === suite);
  if (!row) throw new Error(`no kernel of Debian ${suite} in the table`);
  const { line } = row;
  describe(`on Debian ${suite} (${line})`, () => {
    const it = testsOn(row, async (kernel) =>
      expectDone(await runScenarios({ kernel, out: join(folder, suite) })),
    );
    const veth = new Scenario(suite, "veth");
    const bridge = new Scenario(suite, "bridge");
    const filters = new Scenario(suite, "filters");

    it("the recordings are whole and nothing was lost", async () => {
      const kernel = (await readFile(join(folder, suite, "kernel.txt"), "utf8")).trim();
      for (const scenario of [veth, bridge]) {
        const info = await scenario.info();
        expect(info).toMatchObject({ kernel, lost: 0, missing: 0, closed: true, damage: [] });
        expect(info.events).toBe(info.stats.counters["attempts"]);
        expect(info.stats.counters).toMatchObject({
          failed: 0,
          untracked: 0,
          undecided: 0,
          unnamed: 0,
        });
        // The kernel may fail to unwind a stack; then the recording says so.
        const drops = (await scenario.events()).filter(({ kind }) => kind === "drop");
        const unstacked = drops.filter(({ stack }) => stack === undefined).length;
        expect(info.stats.counters["unstacked"]).toBe(unstacked);
        expect(unstacked).toBeLessThanOrEqual(1);
        // 5.10 has as many kretprobe instances as CPUs, two here, and the hooks of a bridge nest deeper than that.
        const missesReturns = line === "5.10" && scenario === bridge;
        expect(info.stats.counters["unpaired"] !== 0).toBe(missesReturns);
      }
    });

    it("every probe of the original is attached, but for those that the kernel is known to lack", async () => {
      const { probes } = await bridge.info();
      // Begins and ends of skbs have a row for each kernel's way: the counts below say whether they are enough.
      const refused = probes.filter(
        ({ status, event }) => status === "refused" && event !== "free" && event !== "alloc",
      );
      expect(refused.map(({ name }) => name)).toEqual([]);
    });

    it("ping's echo requests are all seen, once, in each place", async () => {
      const sent = Number(/(\d+) packets transmitted, \1 received/.exec(await veth.text("traffic.txt"))?.[1]);
      expect(sent).toBe(10);
      const requests = (await veth.events()).filter(({ icmp_type }) => icmp_type === ECHO_REQUEST);
      const [a, b] = [await veth.netns("a"), await veth.netns("b")];
      for (const [name, netns] of [
        ["ip_output", a],
        ["__dev_queue_xmit", a],
        ["__netif_receive_skb", b],
        ["ip_rcv", b],
      ] as const) {
        const seen = at(requests, name, netns).filter(({ kind }) => kind === "sight");
        expect(seen.length, name).toBe(sent);
        expect(new Set(seen.map(({ icmp_seq }) => icmp_seq)).size, name).toBe(sent);
      }
    });

    it("packets sent and received equal the devices' counters", async () => {
      const events = await veth.events();
      const sent = (device: string): number =>
        at(events, "__dev_queue_xmit").filter((event) => event.interface === device).length;
      const received = (device: string): number =>
        at(events, "__netif_receive_skb").filter((event) => event.interface === device).length;
      expect(await veth.link("va", "tx")).toBeGreaterThan(20);
      expect(sent("va")).toBe(await veth.link("va", "tx"));
      expect(sent("vb")).toBe(await veth.link("vb", "tx"));
      expect(received("vb")).toBe(await veth.link("vb", "rx"));
      expect(received("va")).toBe(await veth.link("va", "rx"));
    });

    it("tcpdump saw as many packets on the interface", async () => {
      const captured = (await veth.text("vb.txt")).trim().split("\n").length;
      const events = (await veth.events()).filter((event) => event.interface === "vb");
      expect(at(events, "__dev_queue_xmit").length + at(events, "__netif_receive_skb").length).toBe(captured);
    });

    it("traversals of every chain equal its packet counters", async () => {
      const events = await veth.events();
      const b = await veth.netns("b");
      for (const [table, file] of [
        ["filter", "filter.txt"],
        ["nat", "nat.txt"],
      ] as const)
        for (const chain of parseChains(await veth.text(file)).values())
          expect(traversals(events, table, chain.name, b).length, `${table} ${chain.name}`).toBe(
            passes(chain),
          );
      const bridged = await bridge.events();
      const forward = parseChains(await bridge.text("filter.txt")).get("FORWARD");
      expect(passes(forward)).toBe(25);
      expect(traversals(bridged, "filter", "FORWARD", await bridge.netns("r")).length).toBe(passes(forward));
    });

    it("verdicts and drops equal the rules' packet counters", async () => {
      const events = await veth.events();
      const b = await veth.netns("b");
      const input = parseChains(await veth.text("filter.txt")).get("INPUT");
      expect(taken(input, "DROP")).toBe(5);
      expect(taken(input, "REJECT")).toBeGreaterThan(0);
      const refused = taken(input, "DROP", "REJECT");
      const verdicts = traversals(events, "filter", "INPUT", b).map(({ verdict }) => verdict);
      expect(verdicts.filter((verdict) => verdict === "DROP").length).toBe(refused);
      expect(netfilterDrops(events, b).length).toBe(refused);
      expect(netfilterDrops(events, b).filter(({ protocol }) => protocol === UDP).length).toBe(
        taken(input, "DROP"),
      );
      const forward = parseChains(await bridge.text("filter.txt")).get("FORWARD");
      expect(netfilterDrops(await bridge.events(), await bridge.netns("r")).length).toBe(
        taken(forward, "DROP"),
      );
    });

    it("a drop has its reason, where the kernel gives one, and a stack that leads there", async () => {
      for (const drop of netfilterDrops(await veth.events(), await veth.netns("b"))) {
        expect(drop.drop_reason).toBe(line === "5.10" ? undefined : "NETFILTER_DROP");
        expect(drop.stack?.some((frame) => frame.startsWith("nf_hook_slow+"))).toBe(true);
        // 5.10's unwinder does not know the way out of a function whose return is probed.
        const leadsThere = drop.stack?.some((frame) => frame.startsWith("ip_local_deliver"));
        expect(leadsThere).toBe(line !== "5.10");
      }
    });

    it("ports that nobody listens on drop as many packets as the kernel says", async () => {
      const noPorts = /^Udp: \d+ (\d+)/m.exec(await veth.text("snmp.txt"))?.[1];
      const drops = (await veth.events()).filter(
        ({ kind, drop_location }) =>
          kind === "drop" && /^(__udp4_lib_rcv|udp_queue_rcv|udp_rcv|__udp4)/.test(drop_location ?? ""),
      );
      expect(drops.length).toBe(Number(noPorts));
    });

    it("bridged packets are seen at every step of the bridge and of br_netfilter", async () => {
      const events = (await bridge.events()).filter(({ icmp_type }) => icmp_type === ECHO_REQUEST);
      const steps = [
        "br_nf_pre_routing",
        "br_nf_pre_routing_finish",
        "br_handle_frame_finish",
        "br_forward",
        "__br_forward",
        "br_nf_forward_ip",
        "br_nf_forward_finish",
        "br_forward_finish",
        "br_nf_post_routing",
        "br_nf_dev_queue_xmit",
      ];
      const seen = steps.filter((step) => at(events, step).length > 0);
      for (const step of seen) expect(at(events, step).length, step).toBe(10);
      // A function that a compiler has inlined into its only caller is not entered.
      expect(seen).toEqual(
        expect.arrayContaining(["br_nf_pre_routing", "br_handle_frame_finish", "br_nf_forward_ip"]),
      );
    });

    it("a filter in the kernel lets pass what all of its parts want, and nothing else", async () => {
      const icmp = packetsOf(await filters.events("icmp", ""));
      expect(new Set(icmp.map(({ icmp_id }) => icmp_id))).toEqual(new Set([4321]));
      expect(at(icmp, "ip_rcv").filter(({ icmp_type }) => icmp_type === ECHO_REQUEST).length).toBe(5);

      const udp = packetsOf(await filters.events("udp", "--callstack"));
      expect(new Set(udp.map(({ destination_port }) => destination_port))).toEqual(new Set([9]));
      expect(at(udp, "ip_rcv").length).toBe(3);
      expect(udp.filter(({ kind }) => kind === "drop").length).toBe(3);
      expect(udp.every(({ stack }) => (stack ?? []).length > 0)).toBe(true);
      expect(at(udp, "ip_rcv").every(({ stack }) => (stack ?? []).length > 3)).toBe(true);

      const f = await filters.netns("f");
      const netns = await filters.events("netns", "");
      expect(netns.filter(({ kind }) => kind === "sight")).toEqual([]);
      expect(netns.filter(({ kind }) => kind === "drop" || kind === "traversal").length).toBeGreaterThan(0);
      expect(netns.filter(({ kind, netns: inode }) => kind === "traversal" && inode !== f)).toEqual([]);

      const six = (await filters.events("six", "")).filter(({ kind }) => kind === "sight");
      const requests = at(six, "ipv6_rcv").filter(({ icmp_type }) => icmp_type === ECHO_REQUEST_6);
      expect(requests.length).toBe(5);
      expect(six.every(({ source, destination }) => source === "fd00::1" || destination === "fd00::1")).toBe(
        true,
      );
    });

    testAnswers(it, veth, bridge);

    it("replay prints byte for byte what live printed", async () => {
      const live = await filters.text("live.txt");
      expect(live.split("\n").length).toBeGreaterThan(50);
      expect(await filters.replay("live", "-t", "--iptable", "-H", "10.0.2.2")).toBe(live);
    });

    it("an address is never taken for the packet before it", async () => {
      for (const scenario of [veth, bridge]) {
        const lives = followLives(await scenario.events());
        // Ten echo requests, ten replies, five datagrams.
        expect(lives.count).toBeGreaterThanOrEqual(25);
        expect(lives).toMatchObject({ mixed: 0, contradictions: 0 });
      }
    });
  });
}
