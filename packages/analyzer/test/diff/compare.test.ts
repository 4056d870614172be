// Two recordings compared: real ones of four kernels, and such of which something was changed.
import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import {
  Census,
  compare,
  type CompareOptions,
  type Comparison,
  Knowledge,
  type PathRow,
  type Side,
} from "@skbtracer/analyzer";

import { fixture, type Rows, rowsOf, withMeta, withoutProbe } from "../expect/judged.js";

const OPTIONS: CompareOptions = { shareThreshold: 0.1, timeFactor: 3, background: false, allowLoss: false };

function sideOf({ paths, interfaces, ...host }: Rows, allowLoss: boolean): Side {
  const census = new Census(allowLoss);
  for (const path of paths) census.add(path);
  return { census, knowledge: new Knowledge(host), interfaces };
}

function compared(a: Rows, b: Rows, options: Partial<CompareOptions> = {}): Comparison {
  const { allowLoss = false } = options;
  return compare(sideOf(a, allowLoss), sideOf(b, allowLoss), { ...OPTIONS, ...options });
}

/** The rows of a fixture of all tables: `nft-6.1`. */
const ofKernel = (name: string): Rows =>
  rowsOf(readFileSync(new URL(`../../../../fixtures/kernels/${name}.skbt`, import.meta.url)));

/** Rows with other paths. */
const changed = (rows: Rows, change: (path: PathRow) => PathRow | readonly PathRow[]): Rows => ({
  ...rows,
  paths: rows.paths.flatMap(change),
});

/** What differs, in a word each. */
const told = ({ differences }: Comparison): string[] =>
  differences.map(
    (one) => `${one.flow}: ${one.kind}${one.kind === "function not entered" ? ` ${one.name}` : ""}`,
  );

const [OLD, VETH, NEW, NEWEST] = ["5.10", "6.1", "6.12", "7.2"].map((kernel) =>
  fixture(`veth-${kernel}`),
) as [Rows, Rows, Rows, Rows];

describe("between kernels, only what they do differently", () => {
  test("5.10 and 6.1: functions that are inlined", () => {
    const comparison = compared(OLD, VETH);
    expect(told(comparison)).toEqual([
      "all: function not entered netif_rx",
      "all: function not entered ip_rcv_finish",
    ]);
    expect(comparison.notes).toContain("one of the kernels gives no drop reasons: they are not compared");
  });

  test("6.1 and 6.12: nothing", () => {
    expect(told(compared(VETH, NEW))).toEqual([]);
    expect(told(compared(fixture("bridge-6.1"), fixture("bridge-6.12")))).toEqual([]);
  });

  test("6.12 and 7.2: where UDP without a socket is dropped", () => {
    const { differences } = compared(NEW, NEWEST);
    expect(differences).toMatchObject([
      {
        kind: "way changed",
        flow: "UDP to port 7777, sent",
        common: 6,
        a: { count: 3, of: 3, way: { dropFunction: "__udp4_lib_rcv" } },
        b: { count: 3, of: 3, way: { dropFunction: "udp_rcv" } },
        isCertain: true,
      },
    ]);
  });
});

describe("no difference", () => {
  test("to itself, whatever addresses, times, CPUs, and names of devices are", () => {
    const other = changed(VETH, (path) => ({
      ...path,
      source: path.source?.replace("10.0.0", "172.16.5") ?? null,
      last_source: path.last_source?.replace("10.0.0", "172.16.5") ?? null,
      source_port: path.source_port !== null && path.source_port > 32_768 ? 50_000 : path.source_port,
      last_source_port:
        path.last_source_port !== null && path.last_source_port > 32_768 ? 50_000 : path.last_source_port,
      cpus: "7",
      time_ns: path.time_ns + 1e12,
      interfaces: path.interfaces.replace("va", "eth7"),
      namespaces: "1 2",
    }));
    const interfaces = VETH.interfaces.map((row) =>
      row["interface"] === "va" ? { ...row, interface: "eth7" } : row,
    );
    expect(told(compared(VETH, { ...other, interfaces }))).toEqual([]);
  });

  test("where there was more of the same traffic", () => {
    expect(
      told(
        compared(
          VETH,
          changed(VETH, (path) => [path, path, path]),
        ),
      ),
    ).toEqual([]);
  });

  test("where a flow of many took another way once", () => {
    let isFirst = true;
    const other = changed(VETH, (path) => {
      const isOne = isFirst && path.info === "request";
      if (isOne) isFirst = false;
      return isOne ? { ...path, functions: `${path.functions} ip_rcv_finish` } : path;
    });
    expect(told(compared(VETH, other))).toEqual([]);
  });

  test("where a host asked for an address meanwhile", () => {
    const [request] = VETH.paths.filter(({ info }) => info === "request");
    if (!request) throw new Error("no request");
    const arp = { ...request, protocol: "ARP", info: "request", source_port: null, destination_port: null };
    const other = { ...VETH, paths: [...VETH.paths, arp, arp, arp] };
    expect(told(compared(VETH, other))).toEqual([]);
    expect(told(compared(VETH, other, { background: true }))).toEqual(["ARP request, sent: flow appeared"]);
  });
});

const to9 = ({ destination_port: port }: PathRow): boolean => port === 9;
const to81 = ({ destination_port: port, info }: PathRow): boolean => port === 81 && info === "SYN";

describe("a difference", () => {
  test("where packets of a flow go another way", () => {
    const other = changed(VETH, (path) =>
      to81(path)
        ? {
            ...path,
            verdicts: "nat.PREROUTING.ACCEPT filter.INPUT.ACCEPT",
            outcome: "delivered",
            drop_location: null,
            drop_reason: null,
          }
        : path,
    );
    expect(compared(VETH, other).differences).toMatchObject([
      {
        kind: "way changed",
        flow: "TCP SYN to port 81, sent",
        a: { way: { outcome: "dropped" } },
        b: { way: { outcome: "delivered" } },
      },
    ]);
  });

  test("where a single packet of many is dropped for a new reason", () => {
    let isFirst = true;
    const other = changed(VETH, (path) => {
      const isOne = isFirst && path.info === "request";
      if (isOne) isFirst = false;
      return isOne
        ? { ...path, outcome: "dropped", drop_location: "ip_rcv+0x1", drop_reason: "IP_CSUM" }
        : path;
    });
    expect(told(compared(VETH, other))).toEqual(["ICMP request, sent: way appeared"]);
  });

  test("where a flow is there no longer, or is new", () => {
    const other = changed(VETH, (path) => (to81(path) ? [] : path));
    expect(told(compared(VETH, other))).toEqual(["TCP SYN to port 81, sent: flow vanished"]);
    expect(told(compared(other, VETH))).toEqual(["TCP SYN to port 81, sent: flow appeared"]);
  });

  test("where the share of a way changes beyond chance", () => {
    const many = (rows: Rows): Rows => changed(rows, (path) => Array.from({ length: 20 }, () => path));
    let i = 0;
    const other = changed(many(VETH), (path) =>
      path.info === "request" && path.parent === null && i++ % 2 === 0 ? { ...path, verdicts: null } : path,
    );
    expect(told(compared(many(VETH), other)).some((text) => text.startsWith("ICMP request, sent: way"))).toBe(
      true,
    );
    expect(told(compared(many(VETH), other, { shareThreshold: 0.99 }))).toEqual([]);
  });

  test("where what a device is for changes", () => {
    const interfaces = VETH.interfaces.map((row) =>
      row["interface"] === "vb" ? { ...row, kind: "ipvlan" } : row,
    );
    expect(told(compared(VETH, { ...VETH, interfaces })).length).toBeGreaterThan(0);
  });

  test("where packets take several times as long", () => {
    const many = changed(VETH, (path) =>
      Array.from({ length: 5 }, (_, i) => ({ ...path, duration_ns: path.duration_ns + i })),
    );
    const slower = (factor: number): Rows =>
      changed(many, (path) => ({ ...path, duration_ns: path.duration_ns * factor }));
    expect(told(compared(many, slower(2)))).toEqual([]);
    const { differences } = compared(many, slower(10));
    expect(new Set(differences.map(({ kind }) => kind))).toEqual(new Set(["time changed"]));
    expect(told(compared(many, slower(10), { timeFactor: 0 }))).toEqual([]);
    expect(told(compared(many, slower(10), { timeFactor: 20 }))).toEqual([]);
  });
});

/** What certainly differs. */
const certain = (a: Rows, b: Rows): string[] =>
  compared(a, b)
    .differences.filter(({ isCertain }) => isCertain)
    .map(({ flow, kind }) => `${flow}: ${kind}`);

const filtered = (rows: Rows, filter: string): Rows => withMeta(rows, { filter });

/** As a drop by nftables is seen where that is not probed. */
const asHooks = (path: PathRow): PathRow => ({
  ...path,
  verdicts: path.verdicts?.replace("filter/INPUT.INPUT", "hooks.INPUT") ?? null,
});

describe("what cannot be told", () => {
  test("functions that only one of them probed are not compared", () => {
    const other = changed(withoutProbe(VETH, "ip_output"), (path) => ({
      ...path,
      functions: path.functions.replace(/\bip_output ?/, ""),
    }));
    const comparison = compared(VETH, other);
    expect(told(comparison)).toEqual([]);
    expect(comparison.notes).toContain("probed only in A, and not compared: ip_output");
  });

  test("tables that only one of them recorded are not compared, nor those that neither did", () => {
    const none = changed(withoutProbe(VETH, "ipt_do_table"), (path) => ({ ...path, verdicts: null }));
    const left = "were recorded only in A, and are not compared";
    expect(compared(VETH, none)).toMatchObject({ differences: [], ignorance: [] });
    expect(compared(VETH, none).notes).toContain(`tables (iptables) ${left}`);
    expect(compared(none, VETH).notes).toContain(`tables (iptables) ${left.replace("A", "B")}`);
    expect(compared(none, none).notes).toEqual([
      "tables (iptables, nftables, hooks) were recorded in neither, and are not compared",
    ]);
    // Those of IPv6 are others.
    const no6 = changed(withoutProbe(VETH, "ip6t_do_table"), (path) => ({ ...path, verdicts: null }));
    expect(told(compared(VETH, no6))).toContain("ICMP request, sent: way changed");
  });

  test("what hooks decided is compared where all of their tables were recorded", () => {
    const rows = ofKernel("nft-6.1");
    expect(compared(rows, rows).notes).toEqual([]);
    expect(told(compared(rows, changed(rows, asHooks)))).not.toEqual([]);
    const withoutTables = changed(withoutProbe(rows, "nft_do_chain"), asHooks);
    const comparison = compared(rows, withoutTables);
    expect(told(comparison)).toEqual([]);
    expect(comparison.notes).toEqual([
      "tables (nftables, hooks) were recorded only in A, and are not compared",
    ]);
  });

  test("a kernel without the module of some tables had no passes through them", () => {
    const rows = ofKernel("tcp-drop-6.1");
    const reason = "not in this kernel: is the module ip_tables loaded?";
    const probes = rows.probes.map((row) =>
      row["probe"] === "ipt_do_table" ? { ...row, status: "refused", reason } : row,
    );
    const without = { ...changed(rows, (path) => ({ ...path, verdicts: null })), probes };
    const comparison = compared(rows, without);
    expect(comparison.notes).toEqual([]);
    expect(told(comparison)).toContain("TCP SYN to port 81, sent: way changed");
  });

  test("where events were lost, that something was not seen is not certain", () => {
    const lossy = withMeta(
      changed(VETH, (path) => (path.destination_port === 81 ? [] : path)),
      { lost: 5 },
    );
    const { differences, ignorance } = compared(VETH, lossy);
    expect(differences).toMatchObject([{ kind: "flow vanished", isCertain: false }]);
    expect(ignorance).toEqual(["B: 5 event(s) were lost while recording"]);
    expect(compared(lossy, VETH).differences).toMatchObject([{ kind: "flow appeared", isCertain: false }]);
    // What was seen in the lossy one, and is not in the other, is.
    const whole = changed(VETH, (path) => (path.destination_port === 9 ? [] : path));
    expect(compared(withMeta(VETH, { lost: 5 }), whole).differences).toMatchObject([
      { kind: "flow vanished", flow: "UDP to port 9, sent", isCertain: true },
    ]);
    expect(compared(VETH, lossy, { allowLoss: true })).toMatchObject({
      differences: [{ isCertain: true }],
      ignorance: [],
    });
  });

  test("without kprobes nothing is seen whole", () => {
    const guessed = changed(withMeta(VETH, { ends_recorded: 0 }), (path) => ({
      ...path,
      complete: 0,
      incomplete_because: "end",
    }));
    const { differences, ignorance } = compared(guessed, guessed);
    expect(differences).toEqual([]);
    expect(ignorance).toContain("A: without kprobes, where a path ends is a guess");
    expect(compared(guessed, guessed, { allowLoss: true }).ignorance).toEqual([]);
  });

  test("packets that were still under way are no difference, nor are they the same", () => {
    const open = { complete: 0, incomplete_because: "open", outcome: "open" } as const;
    const held = (count: number): Rows => {
      let i = 0;
      return changed(VETH, (path) =>
        path.info === "request" && path.parent === null && i++ < count ? { ...path, ...open } : path,
      );
    };
    expect(compared(VETH, held(1))).toMatchObject({ differences: [], ignorance: [] });
    expect(compared(VETH, held(9))).toMatchObject({
      differences: [],
      ignorance: ["ICMP request, sent: not seen whole were 0 of 10 packets in A, 9 of 10 packets in B"],
    });
    const before = changed(VETH, (path) => (to9(path) ? { ...path, ...open, drop_location: null } : path));
    expect(
      compared(
        before,
        changed(VETH, (path) => (to9(path) ? [] : path)),
      ).ignorance,
    ).toEqual(["UDP to port 9, sent: only in A, and no packet of it was seen whole"]);
  });

  test("what was dropped was seen whole, though its free was not", () => {
    const unfreed = changed(VETH, (path) =>
      path.destination_port === 9 ? { ...path, complete: 0, incomplete_because: "open" } : path,
    );
    const delivered = changed(VETH, (path) =>
      path.destination_port === 9
        ? { ...path, outcome: "delivered", drop_location: null, drop_reason: null }
        : path,
    );
    expect(told(compared(unfreed, VETH))).toEqual([]);
    expect(told(compared(unfreed, delivered))).toEqual(["UDP to port 9, sent: way changed"]);
  });

  test("recordings made with different filters lack different packets", () => {
    const { ignorance } = compared(VETH, withMeta(VETH, { filter: "--proto tcp" }));
    expect(ignorance).toEqual([
      "they were recorded with different filters: A with no filter, B with --proto tcp",
    ]);
  });

  describe("what a filter may have left out is not certain", () => {
    const only9 = changed(VETH, (path) => (to9(path) ? path : []));
    const no9 = changed(VETH, (path) => (to9(path) ? [] : path));
    const other9 = changed(VETH, (path) => (to9(path) ? { ...path, verdicts: null } : path));

    test("flows that one lacks whose filter the other has not", () => {
      const { differences } = compared(VETH, filtered(only9, "--port 9"));
      expect(differences.length).toBeGreaterThan(5);
      expect(certain(VETH, filtered(only9, "--port 9"))).toEqual([]);
      expect(certain(filtered(only9, "--port 9"), VETH)).toEqual([]);
      // The one without a filter would have had it, and so would that with fewer, or the same ones.
      const vanished = ["UDP to port 9, sent: flow vanished"];
      expect(certain(filtered(only9, "--port 9"), no9)).toEqual(vanished);
      expect(certain(filtered(VETH, "--proto udp --port 9"), filtered(no9, "--port 9"))).toEqual(vanished);
      expect(certain(filtered(VETH, "--port 9"), filtered(no9, "--port 9"))).toEqual(vanished);
      expect(certain(filtered(VETH, "--port 9"), filtered(no9, "--proto udp"))).toEqual([]);
    });

    test("but another way of a flow that both have is", () => {
      const way = ["UDP to port 9, sent: way changed"];
      expect(certain(VETH, filtered(other9, "--port 9"))).toEqual(way);
      expect(certain(filtered(other9, "--port 9"), VETH)).toEqual(way);
      // A namespace or a process has but a part of the way.
      expect(certain(VETH, filtered(other9, "--netns 4026532166"))).toEqual([]);
    });

    test("nor is a way that some packets of a flow took, nor are times", () => {
      let i = 0;
      const half = changed(VETH, (path) =>
        Array.from({ length: 20 }, () => (to9(path) && i++ % 2 === 0 ? { ...path, verdicts: null } : path)),
      );
      const whole = changed(VETH, (path) => Array.from({ length: 20 }, () => path));
      const slow = changed(whole, (path) => ({ ...path, duration_ns: path.duration_ns * 10 }));
      expect(certain(half, whole)).toEqual(["UDP to port 9, sent: way changed"]);
      expect(certain(half, filtered(whole, "--ipaddr 10.0.0.1"))).toEqual([]);
      expect(certain(whole, filtered(half, "--ipaddr 10.0.0.1"))).toEqual([
        "UDP to port 9, sent: way changed",
      ]);
      expect(certain(whole, slow).length).toBeGreaterThan(0);
      expect(certain(whole, filtered(slow, "--ipaddr 10.0.0.1"))).toEqual([]);
    });

    test("functions that a kernel does not enter", () => {
      expect(certain(OLD, VETH)).not.toEqual([]);
      expect(certain(OLD, filtered(VETH, "--ipaddr 10.0.0.1"))).toEqual([]);
    });
  });
});
