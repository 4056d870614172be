// Recording from this machine's kernel, by tracepoints if it has no kprobes, against what other programs count.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, test } from "vitest";

import { bash, info, skbtracer } from "./command.js";
import { Network } from "./veth-pair.js";

const folder = mkdtempSync(join(tmpdir(), "skbtracer-native-"));
const network = new Network();
const path = (name: string): string => join(folder, name);
afterAll(() => {
  network.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Event {
  readonly kind: string;
  readonly function: string;
  readonly netns: number;
  readonly interface?: string;
  readonly icmp_type?: number;
  readonly icmp_id?: number;
  readonly drop_reason?: string;
  readonly drop_location?: string;
  readonly destination_port?: number;
  readonly source?: string;
  /** The table's PKT_INFO: ARP has addresses too. */
  readonly packet: string;
  readonly since_start_ns: number;
  readonly stack?: string[];
}

async function events(file: string, ...flags: string[]): Promise<Event[]> {
  const { stdout } = await skbtracer("replay", "--json", "--lifecycle", ...flags, path(file));
  return stdout
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Event);
}

/** What both filters must agree on. */
const text = (event: Event): string =>
  `${event.function} ${event.interface} ${JSON.stringify(event.icmp_id)} ${event.source}`;

/** Packets that a rule has taken. */
const ruleCount = (): number =>
  Number(/(\d+)\s+\d+ DROP/.exec(network.inB("iptables-legacy -nvxL INPUT"))?.[1]);

const inA = (line: string): string[] => ["--", "ip", "netns", "exec", network.a, "bash", "-ec", line];

describe("recording from this kernel", () => {
  test("every echo request of ping is seen where it leaves and where it arrives", async () => {
    const result = await skbtracer("record", "-o", path("ping"), ...inA("ping -c 20 -i 0.02 10.91.0.2"));
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/20 packets transmitted, 20 received/);
    expect(result.stderr).toMatch(/^\d+ event\(s\) received$/m);
    expect(result.stderr).toMatch(/^0 event\(s\) lost/m);
    const requests = (await events("ping", "-H", "10.91.0.1")).filter(({ icmp_type }) => icmp_type === 8);
    const sent = requests.filter((event) => /dev_queue/.test(event.function) && event.interface === "va");
    const received = requests.filter(
      (event) => event.function.endsWith("netif_receive_skb") && event.netns === network.inodeB,
    );
    expect(sent.length).toBe(20);
    expect(received.length).toBe(20);
  });

  test("events are in the order of time", async () => {
    const times = (await events("ping")).map(({ since_start_ns }) => since_start_ns);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test("packets that a rule drops are drops with its reason and place, as many as the rule counted", async () => {
    const before = ruleCount();
    const send = "for i in 1 2 3 4 5 6 7; do echo $i > /dev/udp/10.91.0.2/9; done";
    await skbtracer("record", "-o", path("drops"), "--dropstack", ...inA(send));
    const drops = (await events("drops", "--dropstack", "-H", "10.91.0.2", "-P", "9")).filter(
      ({ kind }) => kind === "drop",
    );
    expect(ruleCount() - before).toBe(7);
    expect(drops.length).toBe(7);
    for (const drop of drops) {
      expect(drop.drop_reason ?? "NETFILTER_DROP").toBe("NETFILTER_DROP");
      expect(drop.drop_location).toMatch(/^nf_hook_slow\+0x/);
      expect(drop.stack?.some((frame) => frame.startsWith("nf_hook_slow+"))).toBe(true);
    }
  });

  test.each([
    ["an IPv4 address", ["-H", "10.91.0.2"], (event: Event) => event.packet.includes("10.91.0.2")],
    ["an IPv6 address", ["-H", "fd91::1"], (event: Event) => event.packet.includes("fd91::1")],
    ["an ICMP id", ["--icmpid", "777"], (event: Event) => event.icmp_id === 777],
    ["a port and a protocol", ["-P", "9", "--proto", "udp"], (event: Event) => event.destination_port === 9],
    [
      "a namespace",
      ["-N", String(network.inodeB), "-H", "10.91.0.1"],
      (event: Event) => event.netns === network.inodeB,
    ],
  ])("a filter by %s keeps what the reader's filter keeps", async (_name, flags, fits) => {
    const traffic =
      "ping -q -c 3 -i 0.02 -e 777 10.91.0.2; ping -q -c 3 -i 0.02 -e 778 10.91.0.2; ping -q -c 3 -i 0.02 fd91::2;" +
      "for i in 1 2 3; do echo $i > /dev/udp/10.91.0.2/9; echo $i > /dev/udp/10.91.0.2/10; done";
    // Both at once, so that they see the same packets.
    const all = path(`all${flags.join("")}`);
    const some = path(`some${flags.join("")}`);
    const start = `$SKBTRACER record --force --no-rules`;
    await bash(`
      ${start} -o ${all} & ${start} -o ${some} ${flags.join(" ")} &
      until [ -s ${all} ] && [ -s ${some} ]; do sleep 0.1; done; sleep 0.5
      ip netns exec ${network.a} bash -c '${traffic}'
      sleep 0.3; kill -INT $(jobs -p); wait`);
    const kept = (await events(`some${flags.join("")}`)).filter(({ kind }) => kind === "sight");
    const expected = (await events(`all${flags.join("")}`, ...flags)).filter(({ kind }) => kind === "sight");
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every(fits)).toBe(true);
    expect(kept.map(text)).toEqual(expected.map(text));
  });

  test.each([["-t"], ["--json"], ["-t --lifecycle"], ["-c 7 -t"], ["--noroute --dropstack"]])(
    "replay prints byte for byte what live printed (%s)",
    async (flags) => {
      const file = path(`live${flags.replaceAll(" ", "")}`);
      const live = await bash(`
        $SKBTRACER --force --no-rules -H 10.91.0.1 -o ${file} ${flags} > ${file}.txt & tracer=$!
        until [ -s ${file} ]; do sleep 0.1; done; sleep 0.5
        ip netns exec ${network.a} bash -c 'ping -q -c 5 -i 0.02 10.91.0.2; echo > /dev/udp/10.91.0.2/9' > /dev/null
        sleep 0.3; kill -INT $tracer; wait $tracer; cat ${file}.txt`);
      const replay = await skbtracer("replay", "-H", "10.91.0.1", ...flags.split(" "), file);
      expect(live.stdout.length).toBeGreaterThan(200);
      expect(live.stdout).toBe(replay.stdout);
    },
  );

  test("more events than the rings hold are counted, every one", async () => {
    const flood = inA("ping -q -f -c 20000 10.91.0.2");
    await skbtracer("record", "-o", path("lossy"), "--buffer", "4096", "--callstack", ...flood);
    const { events: kept, lost, missing, stats, losses } = await info(path("lossy"));
    expect(lost).toBeGreaterThan(0);
    expect(missing).toBe(0);
    expect(kept + lost).toBe(stats?.counters.attempts);
    expect(lost).toBe(stats?.counters.failed);
    expect(losses.reduce((sum, { count }) => sum + count, 0)).toBe(lost);
  });
});

describe("a recording ends", () => {
  test.each([
    ["at SIGINT", "kill -INT $tracer", "SIGINT"],
    ["at SIGTERM", "kill -TERM $tracer", "SIGTERM"],
  ])("%s", async (_name, end, reason) => {
    const file = path(reason);
    const result = await bash(`
      $SKBTRACER record -o ${file} & tracer=$!
      until [ -s ${file} ]; do sleep 0.1; done
      ${end}; wait $tracer`);
    expect(result.code).toBe(0);
    expect(await info(file)).toMatchObject({ closed: true, end_reason: reason, missing: 0 });
  });

  test("after --duration", async () => {
    expect((await skbtracer("record", "-o", path("duration"), "--duration", "300ms")).code).toBe(0);
    expect(await info(path("duration"))).toMatchObject({ closed: true, end_reason: "duration" });
  });

  test("after -c events", async () => {
    const result = await bash(`
      $SKBTRACER record -o ${path("count")} -c 50 & tracer=$!
      until [ -s ${path("count")} ]; do sleep 0.1; done
      while kill -0 $tracer 2> /dev/null; do ip netns exec ${network.a} ping -q -c 5 -i 0.02 10.91.0.2; done > /dev/null
      wait $tracer`);
    expect(result.code).toBe(0);
    const { events: count, end_reason } = await info(path("count"));
    expect(end_reason).toBe("count");
    expect(count).toBeGreaterThanOrEqual(50);
  });

  test("with its command, and says that the command failed", async () => {
    const result = await skbtracer("record", "-o", path("command"), "--", "false");
    expect(result.code).toBe(0);
    expect(result.stderr).toMatch(/false ended with status 1/);
    expect(await info(path("command"))).toMatchObject({ closed: true, end_reason: "command" });
  });

  test("at SIGKILL: the file reads up to its last whole chunk and says that it was not closed", async () => {
    for (const seconds of ["0.05", "0.2", "0.4"]) {
      const file = path("killed");
      await bash(`
        $SKBTRACER record --force -o ${file} & tracer=$!
        until [ -s ${file} ]; do sleep 0.05; done
        ip netns exec ${network.a} ping -q -f -c 3000 10.91.0.2 > /dev/null &
        sleep ${seconds}; kill -KILL $tracer; wait`);
      expect((await info(file)).closed).toBe(false);
      const replay = await skbtracer("replay", file);
      expect(replay.code).toBe(0);
      expect(replay.stderr).toMatch(/was not closed/);
      rmSync(file);
    }
  });

  test("its file is its owner's alone", () => expect(statSync(path("ping")).mode & 0o777).toBe(0o600));
});
