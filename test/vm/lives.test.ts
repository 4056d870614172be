// What becomes of packets on real kernels: addresses that are used again, and what is followed through NAT, a tunnel, a
// bridge, segmentation and fragmentation. Beside it what ping, ip and bpftrace say of the same packets.
import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { EventRow, PathRow } from "@skbtracer/analyzer";
import { afterAll, describe, expect } from "vitest";

import { kernelsHere } from "./harness/kernels.mjs";
import { runScenarios } from "./harness/scenarios.mjs";
import { commandOutput, CLI, jsonLines, LONG, run } from "./support/command.js";
import { expectDone, testsOn } from "./support/guest.js";

const folder = mkdtempSync(join(tmpdir(), "skbtracer-lives-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Info {
  readonly lost: number;
  readonly bytes_per_event: number;
  readonly stats: { readonly counters: Readonly<Record<string, number>> };
}

type EventPart = Pick<
  EventRow,
  "path" | "kind" | "function" | "netns" | "destination_port" | "info" | "icmp_seq"
>;

/** What a part of lives.sh left of one kernel. */
class Part {
  readonly #folder: string;

  constructor(suite: string, name: string) {
    this.#folder = join(folder, suite, name);
  }

  #file(recording: string): string {
    return join(this.#folder, `${recording}.skbt`);
  }

  text(name: string): Promise<string> {
    return readFile(join(this.#folder, name), "utf8");
  }

  run(command: string, recording: string, ...flags: string[]): Promise<string> {
    return commandOutput([command, ...flags, this.#file(recording)]);
  }

  async paths(recording: string, ...flags: string[]): Promise<PathRow[]> {
    return jsonLines(await this.run("paths", recording, "--json", ...flags)) as PathRow[];
  }

  async events(recording: string): Promise<EventPart[]> {
    const select = "select path, kind, function, netns, destination_port, info, icmp_seq from events";
    const { stdout } = await run(process.execPath, [CLI, "sql", this.#file(recording), select], LONG);
    return jsonLines(stdout) as EventPart[];
  }

  async info(recording: string): Promise<Info> {
    return JSON.parse(await this.run("info", recording, "--json")) as Info;
  }

  /** Inodes of namespaces as a path has them. */
  async namespaces(...names: string[]): Promise<string> {
    const inodes = await Promise.all(names.map((name) => this.text(`netns.${name}`)));
    return inodes.map((inode) => inode.trim()).join(" ");
  }

  /** How many packets ping says that it sent, all answered. */
  async pinged(name: string): Promise<number> {
    return Number(/(\d+) packets transmitted, \1 received/.exec(await this.text(name))?.[1]);
  }

  /** How far the counter of sent packets of `ip -s -j link show` rose. */
  async sent(device: string): Promise<number> {
    const read = async (when: string): Promise<number> => {
      const [link] = JSON.parse(await this.text(`${device}.${when}.json`)) as [
        { stats64: { tx: { packets: number } } },
      ];
      return link.stats64.tx.packets;
    };
    return (await read("after")) - (await read("before"));
  }
}

const requests = (paths: readonly PathRow[]): PathRow[] =>
  paths.filter(({ info, parent }) => info === "request" && parent === null);
const small = (paths: readonly PathRow[]): PathRow[] => paths.filter(({ len }) => len === 84);

for (const row of await kernelsHere())
  describe(`on Debian ${row.suite} (${row.line})`, () => {
    const { suite } = row;
    const it = testsOn(row, async (kernel) =>
      expectDone(
        await runScenarios({
          kernel,
          out: join(folder, suite),
          script: "lives.sh",
          env: { COMPARE: row.isOutermost ? "yes" : "" },
        }),
      ),
    );

    const reuse = new Part(suite, "reuse");
    const dnat = new Part(suite, "dnat");
    const vxlan = new Part(suite, "vxlan");
    const bridged = new Part(suite, "bridged");
    const segments = new Part(suite, "segments");

    it("there are as many lives as bpftrace counts, and as many hits of each function", async () => {
      const text = await reuse.text("bpftrace.txt");
      const lives = Number(/^lives (\d+)$/m.exec(text)?.[1]);
      const sent = await reuse.pinged("ping.txt");
      expect(lives).toBeGreaterThanOrEqual(2 * sent);
      const paths = await reuse.paths("recording");
      const seen = paths.filter(({ hops }) => hops > 0);
      expect(seen.length).toBe(lives);
      // The same few addresses again and again: else nothing is shown by this.
      expect(new Set(seen.map(({ skb }) => skb)).size).toBeLessThan(lives / 20);
      const events = await reuse.events("recording");
      for (const [, name, hits] of text.matchAll(/^@hits\[kprobe:(\w+)\]: (\d+)$/gm))
        expect(events.filter((event) => event.function === name).length, name).toBe(Number(hits));
    });

    it("no path has two packets, and no end was missed", async () => {
      const packetOf = new Map<number | null, string>();
      for (const { path, info, icmp_seq } of await reuse.events("recording")) {
        if (icmp_seq === null) continue;
        const packet = `${info} ${icmp_seq}`;
        expect(packetOf.get(path) ?? packet).toBe(packet);
        packetOf.set(path, packet);
      }
      expect(packetOf.size).toBeGreaterThan(2 * (await reuse.pinged("ping.txt")));
      const incomplete = await reuse.paths("recording", "--incomplete");
      expect(incomplete.filter(({ incomplete_because }) => incomplete_because !== "open")).toEqual([]);
      expect((await reuse.info("recording")).stats.counters).toMatchObject({
        reused: 0,
        untracked: 0,
        unpaired: 0,
      });
    });

    it("--keep follows a packet through DNAT to its delivery", async () => {
      const found = small(requests(await dnat.paths("kept")));
      expect(found.length).toBe(await dnat.pinged("ping.txt"));
      for (const path of found)
        expect(path).toMatchObject({
          destination: "10.5.9.9",
          last_destination: "10.5.2.2",
          begin: "sent",
          outcome: "delivered",
          complete: true,
          namespaces: await dnat.namespaces("c", "r", "s"),
        });
    });

    const compared = row.isOutermost ? it : undefined;
    compared?.("without --keep a packet is gone where its address is", async () => {
      const found = small(requests(await dnat.paths("matched")));
      expect(found.length).toBe(await dnat.pinged("ping.txt"));
      for (const path of found) expect(path.namespaces).toBe(await dnat.namespaces("c", "r"));
      const y = Number(await vxlan.namespaces("y"));
      const arrived = (await vxlan.events("matched")).filter(
        ({ kind, netns, destination_port }) => kind === "sight" && netns === y && destination_port === 4789,
      );
      expect(arrived).toEqual([]);
    });

    it("--keep follows nothing else, whatever else passes at the same addresses", async () => {
      expect(await dnat.pinged("other.txt")).toBe(3000);
      const paths = await dnat.paths("kept");
      expect(paths.length).toBeGreaterThan(0);
      const families = new Set(
        paths
          .filter(({ source, destination }) => source === "10.5.9.9" || destination === "10.5.9.9")
          .map(({ family }) => family),
      );
      expect(paths.filter(({ family }) => !families.has(family))).toEqual([]);
    });

    it("fragments are children of the packet that they were cut from", async () => {
      const paths = await dnat.paths("kept");
      const large = requests(paths).filter(({ len }) => len > 4000);
      expect(large.length).toBe(await dnat.pinged("large.txt"));
      for (const { path } of large) {
        const fragments = paths.filter(({ parent, begin }) => parent === path && begin === "fragmented");
        expect(fragments.length).toBe(3);
        // Each has a header of 20 bytes before its part of 8 + 4000.
        expect(fragments.reduce((sum, { len }) => sum + len - 14 - 20, 0)).toBe(4008);
        for (const { namespaces } of fragments) expect(namespaces).toBe(await dnat.namespaces("r", "s"));
      }
    });

    compared?.("replay of what was followed prints byte for byte what live printed", async () => {
      const live = await dnat.text("live.txt");
      expect(live).toContain("->10.5.2.2");
      expect(await dnat.run("replay", "live", "-t", "--iptable", "-H", "10.5.9.9", "--keep")).toBe(live);
    });

    it("--keep on an inner address shows the outer packet of VXLAN", async () => {
      const y = Number(await vxlan.namespaces("y"));
      const outer = ({ kind, netns, destination_port }: EventPart): boolean =>
        kind === "sight" && netns === y && destination_port === 4789;
      const arrived = (await vxlan.events("kept")).filter(
        (event) => outer(event) && event.function === "ip_rcv",
      );
      expect(arrived.length).toBe(await vxlan.pinged("ping.txt"));
      const found = requests(await vxlan.paths("kept"));
      expect(new Set(found.map(({ path }) => path))).toEqual(new Set(arrived.map(({ path }) => path)));
      for (const path of found)
        expect(path).toMatchObject({ complete: true, namespaces: await vxlan.namespaces("x", "y") });
    });

    it("a packet over three namespaces and a bridge that changes its address is one path", async () => {
      const found = requests(await bridged.paths("kept"));
      expect(found.length).toBe(await bridged.pinged("ping.txt"));
      for (const path of found) {
        expect(path).toMatchObject({
          destination: "10.7.0.9",
          last_destination: "10.7.0.2",
          begin: "sent",
          outcome: "delivered",
          complete: true,
          namespaces: await bridged.namespaces("d", "w", "e"),
        });
        expect(path.functions).toMatch(/^ip_output .*br_nf_pre_routing .* ip_rcv( ip_rcv_finish)?$/);
      }
    });

    it("segments are children of the packet that they were cut from, with all of its bytes", async () => {
      const paths = await segments.paths("recording");
      const cut = paths.filter(({ begin }) => begin === "segmented");
      const parents = new Set(cut.map(({ parent }) => parent));
      expect(parents.size).toBeGreaterThan(5);
      const headers = 20 + 32; // IP, TCP with timestamps
      for (const path of paths.filter((candidate) => parents.has(candidate.path))) {
        const children = cut.filter(({ parent }) => parent === path.path);
        expect(children.length).toBeGreaterThan(1);
        expect(children.reduce((sum, { len }) => sum + len - headers, 0)).toBe(path.len - headers);
      }
      const whole = paths.filter(
        ({ path, parent, functions, source }) =>
          source === "10.8.0.1" &&
          parent === null &&
          !parents.has(path) &&
          functions.includes("__dev_queue_xmit"),
      );
      expect(cut.length + whole.length).toBe(await segments.sent("sf"));
    });

    it("an event takes at most 160 bytes of the ring on average, and none is lost", async () => {
      for (const [part, recording] of [
        [reuse, "recording"],
        [dnat, "kept"],
        [vxlan, "kept"],
        [bridged, "kept"],
        [segments, "recording"],
      ] as const) {
        const { lost, bytes_per_event } = await part.info(recording);
        expect(lost).toBe(0);
        expect(bytes_per_event).toBeGreaterThan(80);
        expect(bytes_per_event).toBeLessThanOrEqual(160);
      }
    });
  });
