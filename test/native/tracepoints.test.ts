// What is recorded of known traffic, against what ping, tcpdump, ip, iptables and the kernel's own counters say of it.
// On a kernel with kprobes the same tracepoints are recorded where no function stands for them.
import { setTimeout as delay } from "node:timers/promises";

import { beforeAll, describe, expect, test } from "vitest";

import { info, type Info, type RunResult, startRecorder, stop } from "./support/cli.js";
import { type Event, eventsOf, nowNs } from "./support/events.js";
import { network } from "./support/network.js";
import { countCaptured, pingReport, sendDatagrams, startServer, startTcpdump } from "./support/traffic.js";
import { workspace } from "./support/workspace.js";

const path = workspace();
const net = network();
const { a, b } = net;

/** Counters of programs that are not ours; those that grow are read before and after. */
function truths() {
  return {
    linkA: a.linkCount(),
    linkB: b.linkCount(),
    legacy: b.dropped("iptables-legacy"),
    nft: b.dropped("iptables-nft"),
    noPorts: b.snmp("Udp", "NoPorts"),
    delivered: b.snmp("Udp", "InDatagrams"),
    unreachables: b.snmp("Icmp", "OutDestUnreachs"),
    echoes: b.snmp("Icmp", "InEchos"),
    opens: a.snmp("Tcp", "ActiveOpens"),
  };
}

let summary: RunResult;
let events: Event[];
let details: Info;
let before: ReturnType<typeof truths>;
let after: ReturnType<typeof truths>;
let pings: string;

beforeAll(async () => {
  b.sh("iptables-legacy -A INPUT -p udp --dport 9 -j DROP; iptables-nft -A INPUT -p udp --dport 10 -j DROP");
  await startServer(b, 8080, 5353);
  const dump = await startTcpdump(a, path("va.pcap"));
  const flags = ["--dropstack", "--callstack"];
  const recorder = await startRecorder(path("trace"), "record", "-o", path("trace"), ...flags);
  await net.quiet();
  before = truths();
  const from = nowNs();
  pings = (await a.run("ping -q -c 20 -i 0.02 -e 4242 10.91.0.2; ping -q -c 5 -i 0.02 fd91::2")).stdout;
  a.sh("ping -q -c 1 10.91.0.4"); // after ARP
  a.sh("head -c 300000 /dev/zero > /dev/tcp/10.91.0.2/8080; echo > /dev/tcp/fd91::2/8080");
  a.sh(sendDatagrams("10.91.0.2", 5353, 6));
  a.sh(sendDatagrams("10.91.0.2", 5354, 3)); // closed
  a.sh(sendDatagrams("10.91.0.2", 9, 7)); // dropped by iptables-legacy
  a.sh(sendDatagrams("10.91.0.2", 10, 5)); // dropped by iptables-nft
  await delay(300); // what follows by itself: acknowledgements, ends of connections
  const to = nowNs();
  after = truths();
  summary = await stop(recorder);
  dump.process.kill("SIGINT");
  await dump.ended;
  details = await info(path("trace"));
  const all = await eventsOf(path("trace"), ...flags);
  events = all.filter(({ monotonicNs }) => monotonicNs >= from && monotonicNs <= to);
});

const sentBy = ({ device }: { device: string }, netns: number): Event[] =>
  events.filter(
    (event) => /dev_queue/.test(event.function) && event.interface === device && event.netns === netns,
  );
const receivedBy = ({ device }: { device: string }, netns: number): Event[] =>
  events.filter(
    (event) =>
      /netif_receive_skb/.test(event.function) && event.interface === device && event.netns === netns,
  );
const sentByA = (): Event[] => sentBy(a, a.inode);
const sentByB = (): Event[] => sentBy(b, b.inode);
const receivedByA = (): Event[] => receivedBy(a, a.inode);
const receivedByB = (): Event[] => receivedBy(b, b.inode);
const drops = (port: number): Event[] =>
  events.filter((event) => event.kind === "drop" && event.destination_port === port && event.protocol === 17);

test("nothing is lost, and the recorder says so", () => {
  expect(summary.code).toBe(0);
  expect(summary.stderr).toMatch(/^[1-9]\d* event\(s\) received$/m);
  expect(summary.stderr).toMatch(/^0 event\(s\) lost \(none\)$/m);
  expect(details).toMatchObject({ lost: 0, missing: 0, late: 0, damage: [] });
  expect(summary.stderr).toContain(`${details.events} event(s) received`);
});

describe("as many packets are seen to leave and to arrive", () => {
  test("as ping reports: echo requests and replies, at both ends", () => {
    expect(pingReport(pings)).toEqual({ sent: 20, received: 20 });
    const count = (where: Event[], type: number): number =>
      where.filter(({ icmp_id, icmp_type }) => icmp_id === 4242 && icmp_type === type).length;
    expect(count(sentByA(), 8)).toBe(20);
    expect(count(receivedByB(), 8)).toBe(20);
    expect(count(sentByB(), 0)).toBe(20);
    expect(count(receivedByA(), 0)).toBe(20);
  });
  test("as ping reports of IPv6", () => {
    expect(pings).toMatch(/^5 packets transmitted, 5 received/m);
    const isRequest = ({ icmp_type }: Event): boolean => icmp_type === 128;
    expect(sentByA().filter(isRequest).length).toBe(5);
    expect(receivedByB().filter(isRequest).length).toBe(5);
  });
  test("as the devices count", () => {
    expect(sentByA().length).toBe(after.linkA.sent - before.linkA.sent);
    expect(receivedByA().length).toBe(after.linkA.received - before.linkA.received);
    expect(sentByB().length).toBe(after.linkB.sent - before.linkB.sent);
    expect(receivedByB().length).toBe(after.linkB.received - before.linkB.received);
  });
  test.each([
    ["ARP", "arp", (event: Event) => event.ether_type === 0x806],
    ["TCP over IPv4", "ip and tcp", (event: Event) => event.ether_type === 0x800 && event.protocol === 6],
    ["TCP over IPv6", "ip6 and tcp", (event: Event) => event.ether_type === 0x86dd && event.protocol === 6],
    ["UDP", "udp", (event: Event) => event.protocol === 17],
    ["ICMP", "icmp", (event: Event) => event.protocol === 1],
    [
      "ICMPv6 echo",
      "icmp6 and (ip6[40] == 128 or ip6[40] == 129)",
      (event: Event) => /^(128|129)$/.test(String(event.icmp_type)),
    ],
  ])("as tcpdump captures of %s", async (_name, expression, fits) => {
    const captured = await countCaptured(path("va.pcap"), expression);
    expect(captured).toBeGreaterThan(1);
    expect([...sentByA(), ...receivedByA()].filter(fits).length).toBe(captured);
  });
  test("as the kernel counts connections and echo requests", () => {
    const isOpening = ({ protocol, packet = "" }: Event): boolean =>
      protocol === 6 && packet.startsWith("T_SYN:");
    expect(sentByA().filter(isOpening).length).toBe(after.opens - before.opens);
    const requests = receivedByB().filter(({ protocol, icmp_type }) => protocol === 1 && icmp_type === 8);
    expect(requests.length).toBe(after.echoes - before.echoes);
  });
});

describe("drops are as many as the kernel counts", () => {
  test("at a closed port, with the reason, and as many refusals leave", () => {
    expect(after.noPorts - before.noPorts).toBe(3);
    expect(drops(5354).map(({ drop_reason, netns }) => ({ drop_reason, netns }))).toEqual(
      Array.from({ length: 3 }, () => ({ drop_reason: "NO_SOCKET", netns: b.inode })),
    );
    const refusals = sentByB().filter(({ protocol, icmp_type }) => protocol === 1 && icmp_type === 3);
    expect(refusals.length).toBe(after.unreachables - before.unreachables);
  });
  test("and none at an open one", () => {
    expect(after.delivered - before.delivered).toBe(6);
    expect(receivedByB().filter(({ destination_port }) => destination_port === 5353).length).toBe(6);
    expect(drops(5353)).toEqual([]);
  });
  test.each([
    ["iptables-legacy", 9, 7, () => after.legacy - before.legacy, /^nf_hook_slow\+0x/],
    // Newer kernels free it where the rule is.
    ["iptables-nft", 10, 5, () => after.nft - before.nft, /^(nf_hook_slow|nft_do_chain)\+0x/],
  ])("by a rule of %s, with its reason, its place and the way to it", (_name, port, sent, counted, place) => {
    expect(counted()).toBe(sent);
    expect(drops(port).length).toBe(sent);
    for (const { drop_reason, drop_location, netns, stack } of drops(port)) {
      expect(drop_reason).toBe("NETFILTER_DROP");
      expect(drop_location).toMatch(place);
      expect(netns).toBe(b.inode);
      expect(stack?.some((frame) => frame.startsWith("nf_hook_slow+0x"))).toBe(true);
      expect(stack?.some((frame) => frame.startsWith("ip_local_deliver+0x"))).toBe(true);
    }
  });
});

describe("of a packet's life", () => {
  test("events are in the order of time", () => {
    const times = events.map(({ monotonicNs }) => monotonicNs);
    expect(times).toEqual(times.toSorted((x, y) => x - y));
  });

  test("the first event of each is marked, and what comes after its end is another's first", async () => {
    const living = new Set<string>();
    for (const { kind, skb, first, function: place } of await eventsOf(path("trace"))) {
      if (kind !== "free")
        expect({ place, first: first ?? false }).toEqual({ place, first: !living.has(skb) });
      else expect(living.has(skb)).toBe(true);
      if (kind === "sight") living.add(skb);
      else living.delete(skb);
    }
  });

  test("an echo request is one skb from device to device, and then ends", () => {
    const lives = sentByA()
      .filter(({ icmp_id, icmp_type }) => icmp_id === 4242 && icmp_type === 8)
      .map((sent) => {
        const later = events.filter(
          ({ skb, monotonicNs }) => skb === sent.skb && monotonicNs >= sent.monotonicNs,
        );
        return later.slice(0, later.findIndex(({ kind }) => kind !== "sight") + 1);
      });
    for (const life of lives) {
      expect(life.map(({ kind }) => kind)).toEqual([
        "sight",
        "sight",
        "sight",
        expect.stringMatching(/free|drop/),
      ]);
      expect(life.slice(0, 3).map((event) => [event.function, event.interface])).toEqual([
        [expect.stringMatching(/dev_queue/), "va"],
        [expect.stringMatching(/netif_rx/), "vb"],
        [expect.stringMatching(/netif_receive_skb/), "vb"],
      ]);
    }
    expect(lives.length).toBe(20);
  });

  test("the stack of each event leads to its place", () => {
    const passes = (name: string) => (frame: string) => frame.startsWith(`${name}+0x`);
    for (const { stack } of sentByA()) expect(stack?.some(passes("__dev_queue_xmit"))).toBe(true);
    for (const { stack } of receivedByB()) expect(stack?.some(passes("process_backlog"))).toBe(true);
  });
});

test("namespaces and interfaces have their names", () => {
  const found = details.namespaces.find(({ inode }) => inode === a.inode);
  expect(found).toMatchObject({ name: a.namespace });
  expect(found?.interfaces.map(({ name }) => name)).toEqual(expect.arrayContaining(["lo", "va"]));
  const seen = new Set(events.filter(({ netns }) => netns === b.inode).map((event) => event.interface));
  expect([...seen].filter((name) => name !== undefined && name !== "lo")).toEqual(["vb"]);
});
