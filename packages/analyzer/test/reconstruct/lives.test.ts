// Where one path ends and the next begins, and what is said of a path that was not all seen.
import { describe, expect, test } from "vitest";

import { frame } from "../dissect/frames.js";
import { HOPS_MAX } from "../../src/reconstruct/places.js";
import {
  type MadeEvent,
  MadeRecording,
  type Reconstructed,
  reconstruct,
  TRACEPOINTS,
} from "../support/made-recording.js";

const A = 0xffff_8880_0000_1000n;
const B = 0xffff_8880_0000_1100n;
const C = 0xffff_8880_0000_1200n;
const D = 0xffff_8880_0000_1300n;

const sight = (ns: number, skb: bigint, at: MadeEvent["at"], more: Partial<MadeEvent> = {}): MadeEvent => ({
  ns,
  skb,
  ...(at && { at }),
  ...more,
});
const free = (ns: number, skb: bigint): MadeEvent => ({ ns, skb, kind: "FREE" });
const clone = (ns: number, skb: bigint, parent: bigint): MadeEvent => ({
  ns,
  skb,
  kind: "CLONE",
  parent,
  first: true,
});
const first = { first: true } as const;

/** What is reconstructed of events on CPU 0. */
function of(...events: readonly MadeEvent[]): Reconstructed {
  return reconstruct(new MadeRecording().on(0, ...events).bytes());
}

/** What is reconstructed where only tracepoints can be attached to. */
const guess = (...events: readonly MadeEvent[]): Reconstructed =>
  reconstruct(new MadeRecording({ probes: TRACEPOINTS }).on(0, ...events).bytes());
/** What is reconstructed of events on CPU 0, and of losses between them. */
const withLoss = (...on0: readonly (MadeEvent | number)[]): Reconstructed =>
  reconstruct(new MadeRecording().on(0, ...on0).bytes());
const ending = (...events: readonly MadeEvent[]): string | undefined => of(...events).paths[0]?.outcome;
/** A datagram to 10.0.4.15:53 with other bytes at a place. */
function datagram(at: number, ...bytes: readonly number[]): Uint8Array {
  const changed = frame("udpDns");
  changed.set(bytes, at);
  return changed;
}

/** A path that is seen whole, from 100 to 300. */
const WHOLE = [sight(100, A, "__netif_receive_skb", first), sight(200, A, "ip_rcv"), free(300, A)] as const;

describe("a path", () => {
  test("goes from the skb's first event to its end", () => {
    const { paths } = of(...WHOLE);
    expect(paths).toHaveLength(1);
    expect(paths[0]).toMatchObject({
      path: 1,
      skb: "0xffff888000001000",
      time_ns: 100,
      last_ns: 300,
      duration_ns: 200,
      unix_ns: 1_700_000_000_000_000_100n,
      events: 3,
      hops: 2,
      functions: "__netif_receive_skb ip_rcv",
      hop_ns: "0 100",
      begin: "received",
      outcome: "delivered",
      complete: 1,
      incomplete_because: null,
    });
  });

  test("is another one when the address is used again", () => {
    const { paths } = of(...WHOLE, sight(400, A, "ip_output", first), free(500, A));
    expect(paths.map(({ path, time_ns, last_ns, functions }) => [path, time_ns, last_ns, functions])).toEqual(
      [
        [1, 100, 300, "__netif_receive_skb ip_rcv"],
        [2, 400, 500, "ip_output"],
      ],
    );
    expect(paths.every(({ complete }) => complete)).toBe(true);
  });

  test("whose address begins anew before its end was seen ends there, not complete", () => {
    const { paths } = of(sight(100, A, "ip_rcv", first), sight(400, A, "ip_output", first), free(500, A));
    expect(paths).toMatchObject([
      { time_ns: 100, last_ns: 100, outcome: "unknown", complete: 0, incomplete_because: "end" },
      { time_ns: 400, last_ns: 500, complete: 1 },
    ]);
  });

  test("whose begin was not seen is not complete", () => {
    expect(of(sight(100, A, "ip_rcv"), free(200, A)).paths).toMatchObject([
      { outcome: "delivered", complete: 0, incomplete_because: "begin" },
    ]);
  });

  test("that had not ended with the recording is open", () => {
    const { paths } = of(sight(100, A, "ip_rcv", first), sight(150, B, "ip_rcv", first), free(200, B));
    expect(paths).toMatchObject([
      { outcome: "open", complete: 0, incomplete_because: "open" },
      { outcome: "delivered", complete: 1 },
    ]);
  });

  test("does not begin with an end alone", () => {
    const { paths, events } = of(free(100, A), ...WHOLE.map((event) => ({ ...event, ns: event.ns + 100 })));
    expect(paths).toHaveLength(1);
    expect(events[0]).toMatchObject({ kind: "free", path: null });
  });

  test("knows the CPUs, namespaces and interfaces of its way, in order", () => {
    const bytes = new MadeRecording()
      .on(2, sight(100, A, "ip_output", { ...first, netns: 100, pid: 7 }))
      .on(
        0,
        sight(200, A, "__dev_queue_xmit", { netns: 100, ifindex: 1 }),
        sight(300, A, "__netif_receive_skb", { netns: 200, ifindex: 1 }),
        sight(350, A, "ip_rcv", { netns: 200, ifindex: 1 }),
        sight(400, A, "ip_output", { netns: 100, ifindex: 1 }),
        sight(450, A, "ip_output", { netns: 100, ifindex: 9 }),
        free(500, A),
      )
      .bytes();
    expect(reconstruct(bytes).paths).toMatchObject([
      {
        begin: "sent",
        pid: 7,
        cpus: "2 0",
        functions: "ip_output __dev_queue_xmit __netif_receive_skb ip_rcv ip_output ip_output",
        hop_ns: "0 100 200 250 300 350",
        hops: 6,
        interfaces: "eth0 vb eth0 ifindex9",
        namespaces: "100 200 100",
      },
    ]);
  });

  test("has at most 1000 hops, and a time for each", () => {
    const many = Array.from({ length: HOPS_MAX + 50 }, (_, i) =>
      sight(100 + i, A, i % 2 ? "ip_rcv" : "ip_output"),
    );
    const [path] = of(...many, free(9000, A)).paths;
    expect(path).toMatchObject({ hops: 1000, events: HOPS_MAX + 51, last_ns: 9000 });
    expect(path?.functions.split(" ")).toHaveLength(1000);
    expect(path?.hop_ns.split(" ")).toHaveLength(1000);
  });
});

describe("a clone", () => {
  test("knows its parent, and the packet that it shares with it", () => {
    const { paths } = of(
      sight(100, A, "ip_rcv", { ...first, packet: "icmpRequest" }),
      clone(150, B, A),
      sight(160, B, "tpacket_rcv"),
      free(200, B),
      free(300, A),
    );
    expect(paths).toMatchObject([
      { path: 1, parent: null, begin: "received" },
      {
        path: 2,
        parent: 1,
        begin: "cloned",
        outcome: "delivered",
        protocol: "ICMP",
        icmp_id: 0x2a17,
        icmp_seq: 3,
        complete: 1,
      },
    ]);
  });

  test("can outlive its parent, whose address can be another packet meanwhile", () => {
    const { paths } = of(
      sight(100, A, "ip_rcv", first),
      clone(150, B, A),
      free(200, A),
      sight(250, A, "ip_output", first),
      clone(260, C, A),
      free(300, A),
      free(400, B),
      free(500, C),
    );
    expect(paths.map(({ path, parent, last_ns }) => [path, parent, last_ns])).toEqual([
      [1, null, 200],
      [2, 1, 400],
      [3, null, 300],
      [4, 3, 500],
    ]);
  });

  test("of what was not seen has no parent, and is a clone all the same", () => {
    expect(of(clone(100, B, A), free(200, B)).paths).toMatchObject([
      { parent: null, begin: "cloned", complete: 1 },
    ]);
  });

  test("at a living address ends what was there", () => {
    const { paths } = of(
      sight(100, A, "ip_rcv", first),
      sight(110, B, "ip_rcv", first),
      clone(150, B, A),
      free(200, B),
      free(250, A),
    );
    expect(paths).toMatchObject([
      { path: 1, complete: 1 },
      { path: 2, outcome: "unknown", incomplete_because: "end" },
      { path: 3, parent: 1, complete: 1 },
    ]);
  });

  test("comes with its family, when the last of it has ended", () => {
    const bytes = new MadeRecording()
      .on(0, sight(100, A, "ip_rcv", first), clone(150, B, A), free(200, A))
      .round(250)
      .on(0, sight(260, C, "ip_rcv", first), free(270, C), free(300, B))
      .bytes();
    const given = reconstruct(bytes, { pathEvents: true, tables: new Set(["paths"]) });
    expect(given.paths.map(({ path }) => path)).toEqual([1, 2, 3]);
  });
});

describe("a loss", () => {
  const [begin, middle, end] = WHOLE;

  test("on the path's CPU while it lived makes it not complete", () => {
    const { paths, others } = withLoss(begin, 5, middle, end);
    expect(paths).toMatchObject([{ complete: 0, incomplete_because: "loss" }]);
    expect(others["losses"]).toMatchObject([
      { cpu: 0, after_ns: 100, before_ns: 200, count: 5, cause: "ring full" },
    ]);
  });

  test("between others' events on its CPU makes it not complete too", () => {
    const { paths } = withLoss(begin, sight(140, B, "ip_rcv", first), 1, sight(160, B, "ip_output"), end);
    expect(paths[0]).toMatchObject({ time_ns: 100, incomplete_because: "loss" });
  });

  test("on another CPU may have been of its events there, and makes it not complete", () => {
    const bytes = new MadeRecording()
      .on(1, sight(110, B, "ip_rcv", first), 9, sight(190, B, "ip_output"))
      .on(0, ...WHOLE)
      .bytes();
    expect(reconstruct(bytes).paths).toMatchObject([
      { complete: 0, incomplete_because: "loss_elsewhere" },
      { incomplete_because: "loss,open" },
    ]);
  });

  test("on another CPU before it began or after it ended leaves it complete", () => {
    const bytes = new MadeRecording()
      .on(1, sight(20, B, "ip_rcv", first), 9, sight(90, B, "ip_output"))
      .on(0, ...WHOLE)
      .on(1, sight(390, C, "ip_rcv", first), 9)
      .bytes();
    expect(reconstruct(bytes).paths.find(({ time_ns }) => time_ns === 100)).toMatchObject({ complete: 1 });
  });

  test("on another CPU that had no other events makes what lives then not complete", () => {
    const bytes = new MadeRecording()
      .on(1, 9)
      .on(0, ...WHOLE)
      .bytes();
    expect(reconstruct(bytes).paths).toMatchObject([{ complete: 0, incomplete_because: "loss_elsewhere" }]);
  });

  test("before or after leaves it complete", () => {
    const { paths } = withLoss(
      sight(20, B, "ip_rcv", first),
      3,
      sight(50, B, "ip_output"),
      begin,
      middle,
      end,
      sight(350, B, "ip_rcv"),
      3,
      sight(400, C, "ip_rcv", first),
    );
    expect(paths.find(({ time_ns }) => time_ns === 100)).toMatchObject({ complete: 1 });
    expect(paths.find(({ time_ns }) => time_ns === 20)).toMatchObject({ incomplete_because: "loss,open" });
  });

  test("at the recording's end, behind which no event comes, is told of those that had not ended", () => {
    const { paths, others } = withLoss(...WHOLE, sight(400, B, "ip_rcv", first), 7);
    expect(paths).toMatchObject([{ complete: 1 }, { incomplete_because: "loss,open" }]);
    expect(others["losses"]).toMatchObject([{ cpu: 0, after_ns: 400, count: 7 }]);
  });

  test("after the last sight of what was never seen to end makes it not complete", () => {
    const { paths } = withLoss(
      begin,
      sight(150, B, "ip_rcv", first),
      3,
      sight(180, B, "ip_output"),
      sight(400, A, "ip_rcv", first),
      free(500, A),
      free(510, B),
    );
    expect(paths[0]).toMatchObject({ time_ns: 100, last_ns: 100, incomplete_because: "loss,end" });
  });
});

describe("a damaged part of the file", () => {
  const recording = new MadeRecording()
    .on(0, ...WHOLE, sight(390, D, "ip_rcv", first), sight(400, B, "ip_rcv", first))
    .round(450)
    .damagedChunk()
    .on(0, free(600, B), sight(610, C, "ip_rcv", first), free(650, C))
    .round(700);
  for (let i = 1; i <= 4; i++)
    recording.on(0, sight(i * 1000, A, "ip_rcv", first), free(i * 1000 + 50, A)).round(i * 1000 + 100);
  recording.on(0, free(4500, D)).round(4600);
  const { paths, others } = reconstruct(recording.bytes());
  const at = (ns: number) => paths.find(({ time_ns }) => time_ns === ns);

  test("makes what lived then not complete", () => {
    expect(at(400)).toMatchObject({ complete: 0, incomplete_because: "damage" });
  });
  test("makes what lived then not complete, also if it is seen again only long after", () => {
    expect(at(390)).toMatchObject({ last_ns: 4500, complete: 0, incomplete_because: "damage" });
  });
  test("leaves what had ended before, and what began long after, complete", () => {
    expect(at(100)).toMatchObject({ complete: 1 });
    expect(at(4000)).toMatchObject({ complete: 1 });
  });
  test("is a row of losses", () => {
    const [gap] = others["losses"] ?? [];
    expect(gap).toMatchObject({ cpu: null, after_ns: 400, count: null, cause: "damage" });
    expect(Number(gap?.["before_ns"])).toBeGreaterThanOrEqual(600);
  });
  test("is counted in meta", () => {
    expect(others["meta"]).toMatchObject([
      { damaged_ranges: 1, incomplete_paths: paths.filter((one) => !one.complete).length },
    ]);
  });
});

describe("without probes on ends", () => {
  test("the same function at the same device again is another path, and nothing is complete", () => {
    const { paths, others } = guess(
      sight(100, A, "__netif_receive_skb", { ...first, netns: 100, ifindex: 1 }),
      sight(200, A, "ip_rcv", { netns: 100, ifindex: 1 }),
      sight(300, A, "__netif_receive_skb", { netns: 100, ifindex: 1 }),
      sight(400, A, "ip_rcv", { netns: 100, ifindex: 1 }),
    );
    expect(paths).toMatchObject([
      { functions: "__netif_receive_skb ip_rcv", outcome: "unknown", complete: 0, incomplete_because: "end" },
      { functions: "__netif_receive_skb ip_rcv", outcome: "open", complete: 0 },
    ]);
    expect(others["meta"]).toMatchObject([{ ends_recorded: 0, paths: 2, incomplete_paths: 2 }]);
  });

  test("the same function at another device is the same path", () => {
    const { paths } = guess(
      sight(100, A, "__netif_receive_skb", { ...first, netns: 100, ifindex: 1 }),
      sight(200, A, "__netif_receive_skb", { netns: 100, ifindex: 2 }),
    );
    expect(paths).toHaveLength(1);
  });

  test("another packet at the address is another path", () => {
    const { paths } = guess(
      sight(100, A, "ip_rcv", { ...first, packet: "icmpRequest" }),
      sight(200, A, "ip_output", { packet: "icmpReply" }),
    );
    expect(paths).toMatchObject([{ info: "request" }, { info: "reply" }]);
  });

  test("a drop is an end", () => {
    const { paths } = guess(
      sight(100, A, "ip_rcv", first),
      { ns: 200, skb: A, kind: "DROP", location: "nf_hook_slow", reason: 4 },
      sight(300, A, "ip_output"),
    );
    expect(paths).toMatchObject([
      { outcome: "dropped", incomplete_because: "end" },
      { functions: "ip_output", outcome: "open" },
    ]);
  });

  test("the same is guessed whichever tables are asked for", () => {
    const bytes = new MadeRecording({ probes: TRACEPOINTS })
      .on(
        0,
        sight(100, A, "ip_rcv", { ...first, packet: "icmpRequest" }),
        sight(200, A, "ip_output", { packet: "udpDns" }),
        { ns: 300, skb: A, kind: "DROP", location: "nf_hook_slow", reason: 4, packet: "udpDns" },
      )
      .bytes();
    const all = reconstruct(bytes);
    expect(all.drops.map(({ path }) => path)).toEqual([2]);
    const drops = reconstruct(bytes, { tables: new Set(["drops"]) });
    expect(drops.drops).toEqual(all.drops);
    const shapes = reconstruct(bytes, { tables: new Set(["paths"]), shapesOnly: true });
    expect(shapes.paths.map(({ functions }) => functions)).toEqual(
      all.paths.map(({ functions }) => functions),
    );
  });
});

describe("how a path ended", () => {
  test.each([
    ["delivered", "ip_rcv"],
    ["delivered", "__netif_receive_skb"],
    ["transmitted", "__dev_queue_xmit"],
    ["consumed", "ip_output"],
    ["consumed", "napi_gro_receive"],
    ["consumed", "br_handle_frame_finish"],
    ["consumed", "ip_local_deliver"],
  ] as const)("%s: freed in order after %s", (outcome, at) => {
    expect(ending(sight(100, A, "napi_gro_receive", first), sight(150, A, at), free(200, A))).toBe(outcome);
  });
  test("dropped: as the kernel says, whatever was seen before", () => {
    const drop = { ns: 150, skb: A, kind: "DROP", location: "nf_hook_slow", reason: 4 } as const;
    const { paths } = of(sight(100, A, "ip_rcv", first), drop, free(200, A));
    expect(paths).toMatchObject([
      { outcome: "dropped", drop_reason: "NETFILTER_DROP", drop_location: "nf_hook_slow+0x9f", complete: 1 },
    ]);
  });
  test("dropped, on a kernel without reasons", () => {
    const drop = { ns: 150, skb: A, kind: "DROP", location: "nf_hook_slow" } as const;
    expect(of(sight(100, A, "ip_rcv", first), drop, free(200, A)).paths).toMatchObject([
      { outcome: "dropped", drop_reason: null },
    ]);
  });
  test("delivered: a drop that is harmless", () => {
    const drop = { ns: 150, skb: A, kind: "DROP", location: "icmp_rcv", reason: 2 } as const;
    const { paths, drops } = of(sight(100, A, "ip_rcv", first), drop, free(200, A));
    expect(paths).toMatchObject([{ outcome: "delivered" }]);
    expect(drops).toMatchObject([{ benign: 1, benign_rule: "icmp-handled", function: "icmp_rcv" }]);
  });
});

describe("what is said of the packet", () => {
  test("is of the first event that shows it, and of the last: NAT shows", () => {
    const { paths } = of(
      sight(50, A, "ip_output", first),
      sight(100, A, "__netif_receive_skb", { packet: "udpDns" }),
      // 10.0.4.15:53 becomes 10.0.4.99:80
      sight(200, A, "ip_rcv", { packet: datagram(30, 10, 0, 4, 99) }),
      sight(300, A, "ip_rcv_finish", { packet: datagram(36, 0, 80) }),
      free(400, A),
    );
    expect(paths).toMatchObject([
      {
        protocol: "UDP",
        source: "10.0.1.10",
        source_port: 43_210,
        destination: "10.0.4.15",
        destination_port: 53,
        last_source: "10.0.1.10",
        last_source_port: 43_210,
        last_destination: "10.0.4.15",
        last_destination_port: 80,
        len: 57,
      },
    ]);
  });

  test("has the passes through tables in their order", () => {
    const pass = (ns: number, table: string, hook: number, verdict: number): MadeEvent => ({
      ns,
      skb: A,
      kind: "TRAVERSAL",
      at: "ipt_do_table",
      table,
      hook,
      verdict,
      durationNs: 42,
    });
    const { paths, traversals } = of(
      sight(100, A, "ip_rcv", first),
      pass(110, "raw", 0, 1),
      pass(120, "nat", 0, 1),
      pass(130, "filter", 1, 0),
      free(200, A),
    );
    expect(paths[0]?.verdicts).toBe("raw.PREROUTING.ACCEPT nat.PREROUTING.ACCEPT filter.INPUT.DROP");
    expect(traversals).toMatchObject([
      { traversal: 1, path: 1, table_name: "raw", hook: "PREROUTING", verdict: "ACCEPT", duration_ns: 42 },
      { traversal: 2, table_name: "nat" },
      { traversal: 3, table_name: "filter", hook: "INPUT", verdict: "DROP", event: 4 },
    ]);
  });
});

test("what is in flight is what has not ended, however long the recording", () => {
  const log = new MadeRecording();
  for (let round = 0; round < 200; round++) {
    const events: MadeEvent[] = [];
    for (let i = 0; i < 50; i++) {
      const ns = round * 10_000 + i * 100;
      const skb = A + BigInt(round * 50 + i) * 256n;
      events.push(sight(ns, skb, "ip_rcv", first), free(ns + 50, skb));
    }
    log.on(0, ...events).round(round * 10_000 + 9000);
  }
  const { paths, mostInFlight } = reconstruct(log.bytes(), {}, 4096);
  expect(paths).toHaveLength(10_000);
  expect(mostInFlight).toBeLessThanOrEqual(1);
});
