// What the commands with answers say of a recording equals what the kernel's counters and other programs say of the
// same traffic.
import type { DropRow, PathRow, TraversalRow } from "@skbtracer/analyzer";
import { expect } from "vitest";
import type { Declare } from "./guest.js";
import { parseChains, passes, taken } from "./iptables.js";

/** A recorded scenario, with the truth beside it. */
export interface Answered {
  /** A file that was written in the same run. */
  text(name: string): Promise<string>;
  netns(name: string): Promise<number>;
  link(device: string, direction: "rx" | "tx"): Promise<number>;
  /** Rows that a command prints as JSON. */
  rows(command: "paths" | "drops" | "traversals", ...flags: string[]): Promise<unknown[]>;
}

/** The copy for a packet socket: tcpdump's or ping's. */
const isCopy = ({ begin, functions }: PathRow): boolean =>
  begin === "cloned" && /^(t?packet_rcv)?$/.test(functions);

const paths = async (scenario: Answered, ...flags: string[]): Promise<PathRow[]> =>
  ((await scenario.rows("paths", ...flags)) as PathRow[]).filter((path) => !isCopy(path));

const passing = (all: readonly PathRow[], device: string): PathRow[] =>
  all.filter(({ interfaces }) => interfaces.split(" ").includes(device));

/** Declares the tests. */
export function testAnswers(it: Declare, veth: Answered, bridge: Answered): void {
  it("as many paths pass an interface as it counts packets, and as tcpdump saw on it", async () => {
    const all = await paths(veth);
    for (const device of ["va", "vb"]) {
      const counted = (await veth.link(device, "tx")) + (await veth.link(device, "rx"));
      expect(passing(all, device).length, device).toBe(counted);
    }
    const captured = (await veth.text("vb.txt")).trim().split("\n").length;
    expect(passing(all, "vb").length).toBe(captured);
  });

  it("each of ping's packets is one path, from the one end to the other", async () => {
    for (const [scenario, way] of [
      [veth, "va vb"],
      [bridge, undefined],
    ] as const) {
      const echoes = (await paths(scenario, "--proto", "icmp")).filter(({ icmp_id }) => icmp_id !== null);
      for (const info of ["request", "reply"]) {
        const found = echoes.filter((path) => path.info === info && path.begin === "sent");
        expect(new Set(found.map(({ icmp_seq }) => icmp_seq)).size, info).toBe(10);
        expect(found.length, info).toBe(10);
        expect(found.filter(({ outcome, complete }) => outcome === "delivered" && complete).length).toBe(10);
        if (way !== undefined && info === "request")
          expect(new Set(found.map(({ interfaces }) => interfaces))).toEqual(new Set([way]));
      }
    }
  });

  it("as many paths are dropped as the rules counted, and as many have the verdict", async () => {
    const input = parseChains(await veth.text("filter.txt")).get("INPUT");
    const refused = taken(input, "DROP", "REJECT");
    const all = await paths(veth);
    const dropped = all.filter(
      ({ outcome, drop_location }) => outcome === "dropped" && drop_location?.startsWith("nf_hook_slow+"),
    );
    expect(dropped.length).toBe(refused);
    expect(all.filter(({ verdicts }) => verdicts?.includes("filter.INPUT.DROP")).length).toBe(refused);
    const drops = (await veth.rows("drops", "--func", "nf_hook_slow")) as DropRow[];
    expect(new Set(drops.map(({ path }) => path))).toEqual(new Set(dropped.map(({ path }) => path)));
    expect(drops.length).toBe(refused);
    const forward = parseChains(await bridge.text("filter.txt")).get("FORWARD");
    const bridged = (await paths(bridge)).filter(({ outcome }) => outcome === "dropped");
    expect(bridged.length).toBe(taken(forward, "DROP"));
  });

  it("drops that are not harmless are those that the kernel counts", async () => {
    const refused = taken(parseChains(await veth.text("filter.txt")).get("INPUT"), "DROP", "REJECT");
    const noPorts = Number(/^Udp: \d+ (\d+)/m.exec(await veth.text("snmp.txt"))?.[1]);
    const drops = (await veth.rows("drops")) as DropRow[];
    expect(drops.filter(({ benign }) => !benign).length).toBe(refused + noPorts);
  });

  it("passes through tables equal the chains' counters", async () => {
    const b = await veth.netns("b");
    const rows = (await veth.rows("traversals", "-N", String(b))) as TraversalRow[];
    for (const [table, file] of [
      ["filter", "filter.txt"],
      ["nat", "nat.txt"],
    ] as const)
      for (const chain of parseChains(await veth.text(file)).values())
        expect(
          rows.filter(
            ({ table_name, hook, netns }) => table_name === table && hook === chain.name && netns === b,
          ).length,
          `${table} ${chain.name}`,
        ).toBe(passes(chain));
  });

  it("what a rule redirected shows its destination before and after", async () => {
    const redirected = taken(parseChains(await veth.text("nat.txt")).get("PREROUTING"), "REDIRECT");
    expect(redirected).toBe(1);
    const found = (await paths(veth, "-P", "8080")).filter(
      ({ info, destination_port, last_destination_port }) =>
        info === "SYN" && destination_port === 8080 && last_destination_port === 80,
    );
    expect(found.length).toBe(redirected);
  });

  it("every path is complete but for those that the recording's end cut", async () => {
    for (const scenario of [veth, bridge]) {
      const incomplete = (await scenario.rows("paths", "--incomplete")) as PathRow[];
      expect(new Set(incomplete.map(({ incomplete_because }) => incomplete_because)).size).toBeLessThan(2);
      for (const path of incomplete)
        expect(path).toMatchObject({ outcome: "open", incomplete_because: "open" });
    }
  });
}
