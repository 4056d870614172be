// What is reconstructed of the recordings under fixtures/ is what was sent while they were made: see traffic() in
// test/vm/scenarios/veth.sh and bridge.sh.
import { readdirSync, readFileSync } from "node:fs";

import type { PathRow } from "@skbtracer/analyzer";
import { describe, expect, test } from "vitest";

import { type Reconstructed, reconstruct } from "../support/made-recording.js";

const FOLDER = new URL("../../../../fixtures/v1/", import.meta.url);
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".skbt"))
  .map((name) => name.slice(0, -".skbt".length));

const recordings = new Map<string, Reconstructed>(
  NAMES.map((name) => [name, reconstruct(readFileSync(new URL(`${name}.skbt`, FOLDER)))]),
);
const of = (name: string): Reconstructed => {
  const found = recordings.get(name);
  if (!found) throw new Error(name);
  return found;
};
const isOld = (name: string): boolean => name.endsWith("-5.10");

/** Paths of packets that were sent, without clones. */
const sent = (name: string, wanted: Partial<PathRow>): PathRow[] =>
  of(name).paths.filter(
    (path) =>
      path.parent === null &&
      Object.entries(wanted).every(([column, value]) => path[column as keyof PathRow] === value),
  );
const count = (texts: readonly (string | null)[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text ?? "none"] = (counts[text ?? "none"] ?? 0) + 1;
  return counts;
};
function byPathOf<Row extends { readonly path?: unknown }>(rows: readonly Row[]): Map<unknown, Row[]> {
  const groups = new Map<unknown, Row[]>();
  for (const row of rows) groups.set(row.path, [...(groups.get(row.path) ?? []), row]);
  return groups;
}
const sequence = (length: number): number[] => Array.from({ length }, (_, i) => i + 1);

test("there are recordings of both networks", () => {
  expect(NAMES.filter((name) => name.startsWith("veth-")).length).toBeGreaterThan(2);
  expect(NAMES.filter((name) => name.startsWith("bridge-")).length).toBeGreaterThan(2);
});

describe.each(NAMES)("%s", (name) => {
  const isBridge = name.startsWith("bridge");
  const [one, other] = isBridge ? ["10.0.1.1", "10.0.1.2"] : ["10.0.0.1", "10.0.0.2"];

  test("has a path for each of ten pings and each answer, one after another", () => {
    for (const [info, source, destination] of [
      ["request", one, other],
      ["reply", other, one],
    ] as const) {
      const paths = sent(name, { protocol: "ICMP", info, source, destination });
      expect(paths.map(({ icmp_seq }) => icmp_seq)).toEqual(sequence(10));
      expect(new Set(paths.map(({ icmp_id }) => icmp_id)).size).toBe(1);
      expect(count(paths.map(({ outcome }) => outcome))).toEqual({ delivered: 10 });
      expect(count(paths.map(({ begin }) => begin))).toEqual({ sent: 10 });
    }
  });

  test("never mixes two packets in a path", () => {
    const packets = new Map<number, Set<string>>();
    for (const event of of(name).events) {
      if (event["path"] === null || event["protocol"] !== "ICMP") continue;
      const seen = packets.get(Number(event["path"])) ?? new Set();
      packets.set(Number(event["path"]), seen.add(`${String(event["info"])} ${String(event["icmp_seq"])}`));
    }
    expect(packets.size).toBeGreaterThan(20);
    for (const [path, seen] of packets) expect([path, ...seen]).toHaveLength(2);
  });

  test("has events of a path between its begin and its end, as many as it says", () => {
    const { paths, events } = of(name);
    const byPath = byPathOf(events);
    for (const path of paths) {
      const own = byPath.get(path.path) ?? [];
      expect(own).toHaveLength(path.events);
      expect(Math.min(...own.map((event) => Number(event["time_ns"])))).toBe(path.time_ns);
      expect(Math.max(...own.map((event) => Number(event["time_ns"])))).toBe(path.last_ns);
      const steps = own.filter(({ kind }) => kind === "sight");
      expect(steps.map((step) => step["function"]).join(" ")).toBe(path.functions);
      expect(steps.map((step) => Number(step["time_ns"]) - path.time_ns).join(" ")).toBe(path.hop_ns);
      expect(steps).toHaveLength(path.hops);
    }
  });

  test("is complete but for what had not ended when the recording did", () => {
    const { paths, others } = of(name);
    for (const path of paths)
      expect([path.incomplete_because, path.complete]).toEqual(
        path.outcome === "open" ? ["open", 0] : [null, 1],
      );
    expect(paths.filter(({ outcome }) => outcome === "unknown")).toEqual([]);
    expect(others["losses"]).toEqual([]);
    expect(others["meta"]).toMatchObject([
      { paths: paths.length, lost: 0, missing: 0, damaged_ranges: 0, closed: 1, ends_recorded: 1 },
    ]);
  });

  test("drops what a rule says, where netfilter does", () => {
    const drops = of(name).drops.filter(({ benign }) => !benign);
    const reason = isOld(name) ? "none" : "NETFILTER_DROP";
    const byRule = drops.filter((drop) => drop.function === "nf_hook_slow");
    expect(count(byRule.map((drop) => drop.reason))).toEqual({ [reason]: isBridge ? 5 : 8 });
    expect(count(byRule.map((drop) => `${drop.protocol} ${drop.destination_port}`))).toEqual(
      isBridge ? { "UDP 9": 5 } : { "UDP 9": 5, "TCP 81": 3 },
    );
    const rest = drops.filter((drop) => drop.function !== "nf_hook_slow");
    expect(count(rest.map((drop) => `${drop.protocol} ${drop.destination_port}`))).toEqual(
      isBridge ? {} : { "UDP 7777": 3 },
    );
    expect(rest.every((drop) => isOld(name) || drop.reason === "NO_SOCKET")).toBe(true);
  });

  test("has each drop in the path that it ended", () => {
    const { drops, paths } = of(name);
    for (const drop of drops) {
      const path = paths[drop.path - 1];
      expect(path).toMatchObject({
        path: drop.path,
        drop_reason: drop.reason,
        drop_location: drop.location,
      });
      expect(path?.outcome === "dropped").toBe(drop.benign === 0);
    }
    expect(paths.filter(({ drop_location }) => drop_location !== null)).toHaveLength(drops.length);
  });

  test("has the verdicts of a path in its passes", () => {
    const { traversals, paths } = of(name);
    const byPath = byPathOf(traversals);
    for (const { path, verdicts } of paths)
      expect(
        (byPath.get(path) ?? [])
          .map(({ table_name, hook, verdict }) => `${table_name}.${hook}.${verdict}`)
          .join(" ") || null,
      ).toBe(verdicts);
  });
});

describe.each(NAMES.filter((name) => name.startsWith("veth")))("%s", (name) => {
  const paths = (wanted: Partial<PathRow>): PathRow[] => sent(name, wanted);

  test("packets go from one end of the veth pair to the other, and from one namespace to the other", () => {
    const requests = paths({ protocol: "ICMP", info: "request" });
    expect(count(requests.map(({ interfaces }) => interfaces))).toEqual({ "va vb": 10 });
    const replies = paths({ protocol: "ICMP", info: "reply" });
    expect(count(replies.map(({ interfaces }) => interfaces))).toEqual({ "vb va": 10 });
    const [there] = requests;
    const [back] = replies;
    expect(there?.namespaces.split(" ")).toHaveLength(2);
    expect(back?.namespaces.split(" ")).toEqual(there?.namespaces.split(" ").toReversed());
  });

  test("netfilter's verdicts are those of the rules", () => {
    const input = count(
      of(name)
        .traversals.filter(({ table_name, hook }) => table_name === "filter" && hook === "INPUT")
        .map(({ protocol, info, destination_port, verdict }) =>
          [verdict, protocol, destination_port ?? info].join(" "),
        ),
    );
    expect(input).toMatchObject({
      "ACCEPT ICMP request": 10,
      "DROP UDP 9": 5,
      "ACCEPT UDP 7777": 3,
      "DROP TCP 81": 3,
    });
    // The one connection, after REDIRECT
    expect(input["ACCEPT TCP 80"]).toBeGreaterThanOrEqual(4);
    expect(Object.keys(input)).toHaveLength(5);
    const first = of(name).traversals.filter(
      ({ table_name, hook }) => `${table_name}.${hook}` === "nat.PREROUTING",
    );
    // The first packet of each flow: ping, 5 and 3 datagrams, 3 and 1 connections
    expect(first).toHaveLength(13);
  });

  test("REDIRECT shows: a connection to port 8080 ends at port 80", () => {
    const there = paths({ protocol: "TCP", destination_port: 8080 });
    expect(there.length).toBeGreaterThanOrEqual(4);
    for (const path of there)
      expect(path).toMatchObject({
        destination: "10.0.0.2",
        last_destination: "10.0.0.2",
        last_destination_port: 80,
      });
    expect(paths({ protocol: "TCP", info: "SYN", destination_port: 8080 })).toHaveLength(1);
    const back = paths({ protocol: "TCP", info: "ACK,SYN" });
    expect(back).toMatchObject([{ source_port: 80, last_source_port: 8080, outcome: "delivered" }]);
  });

  test("what no socket wanted is answered: three unreachable, three resets", () => {
    expect(
      paths({ protocol: "ICMP", source: "10.0.0.2" }).filter(({ info }) => info?.startsWith("unreachable")),
    ).toHaveLength(3);
    expect(paths({ protocol: "TCP", info: "ACK,RST", source: "10.0.0.2" })).toHaveLength(3);
  });

  test("what a packet socket or a raw socket took is a clone of what the network carried", () => {
    const { paths: all } = of(name);
    const clones = all.filter(({ parent }) => parent !== null);
    expect(clones.length).toBeGreaterThanOrEqual(20);
    for (const clone of clones) {
      const parent = all[(clone.parent ?? 0) - 1];
      expect(clone.begin).toBe("cloned");
      expect(clone.time_ns).toBeGreaterThanOrEqual(parent?.time_ns ?? Infinity);
      if (clone.protocol === "ICMP") expect(clone.icmp_seq).toBe(parent?.icmp_seq);
    }
  });
});

describe.each(NAMES.filter((name) => name.startsWith("bridge")))("%s", (name) => {
  test("packets pass the bridge between its ports", () => {
    // br_netfilter passes them through the bridge and back to the port for its hooks.
    expect(count(sent(name, { info: "request" }).map(({ interfaces }) => interfaces))).toEqual({
      "vc pc br0 pc pd vd": 10,
    });
    expect(count(sent(name, { info: "reply" }).map(({ interfaces }) => interfaces))).toEqual({
      "vd pd br0 pd pc vc": 10,
    });
    for (const path of sent(name, { protocol: "ICMP" })) expect(path.namespaces.split(" ")).toHaveLength(3);
  });

  test("they pass FORWARD once each", () => {
    const forward = of(name).traversals.map(
      (row) => `${row.table_name} ${row.hook} ${row.verdict} ${row.protocol}`,
    );
    expect(count(forward)).toEqual({ "filter FORWARD ACCEPT ICMP": 20, "filter FORWARD DROP UDP": 5 });
    // br_netfilter shows the bridge to its rules, not the ports.
    for (const row of of(name).traversals)
      expect([row.in_interface, row.out_interface]).toEqual(["br0", "br0"]);
  });

  test("what is dropped there is not seen behind it", () => {
    const dropped = sent(name, { outcome: "dropped" });
    expect(count(dropped.map(({ interfaces }) => interfaces))).toEqual({ "vc pc br0 pc pd": 5 });
    for (const { functions } of dropped) expect(functions).not.toContain("br_nf_post_routing");
  });
});

test("pieces of any size give the same rows as the whole", () => {
  const bytes = readFileSync(new URL("veth-6.1.skbt", FOLDER));
  const whole = of("veth-6.1");
  for (const pieces of [1000, 65_537]) {
    const { mostInFlight: _, ...rows } = reconstruct(bytes, {}, pieces);
    expect({ ...rows, mostInFlight: whole.mostInFlight }).toEqual(whole);
  }
});
