// Two namespaces joined by a veth pair, and what the kernel itself counts in them.
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll, beforeAll } from "vitest";

import { type Running, run, type RunResult, start } from "./cli.js";

const sh = (line: string): string => execFileSync("bash", ["-ec", line], { encoding: "utf8" });

const QUIET_MS = 1500;

/** Packets by the kernel's count for a device. */
export interface LinkCount {
  readonly sent: number;
  readonly received: number;
}

/** One side of the pair. */
export class Side {
  readonly namespace: string;
  readonly device: string;

  constructor(namespace: string, device: string) {
    this.namespace = namespace;
    this.device = device;
  }

  /** The namespace's inode. */
  get inode(): number {
    return statSync(`/run/netns/${this.namespace}`).ino;
  }

  /** A command line that runs a line of bash here. */
  command(line: string): string[] {
    return ["ip", "netns", "exec", this.namespace, "bash", "-ec", line];
  }

  /** Runs a line of bash here and gives what it prints. */
  sh(line: string): string {
    const [program = "", ...args] = this.command(line);
    return execFileSync(program, args, { encoding: "utf8" });
  }

  /** Runs a line of bash here while this process goes on. */
  run(line: string): Promise<RunResult> {
    const [program = "", ...args] = this.command(line);
    return run(program, args);
  }

  /** Starts a program here that goes on by itself; its process is the program's. */
  start(...command: string[]): Running {
    return start("ip", ["netns", "exec", this.namespace, ...command], "pipe");
  }

  /** By `ip -s link`. */
  linkCount(): LinkCount {
    const line = sh(`ip -n ${this.namespace} -s -j link show dev ${this.device}`);
    const [link] = JSON.parse(line) as { stats64: { rx: { packets: number }; tx: { packets: number } } }[];
    return { sent: link?.stats64.tx.packets ?? 0, received: link?.stats64.rx.packets ?? 0 };
  }

  /** A counter of /proc/net/snmp: `Udp`, `NoPorts`. */
  snmp(protocol: string, counter: string): number {
    const lines = this.sh("cat /proc/net/snmp").split("\n");
    const [names, values] = lines
      .filter((line) => line.startsWith(`${protocol}:`))
      .map((line) => line.split(" "));
    return Number(values?.[names?.indexOf(counter) ?? -1]);
  }

  /** Packets that the DROP rule of INPUT has taken, by one of the iptables programs. */
  dropped(iptables: string): number {
    return Number(/^\s*(\d+)\s+\d+ DROP/m.exec(this.sh(`${iptables} -nvxL INPUT`))?.[1]);
  }
}

/**
 * A pair of namespaces with a veth pair `va` and `vb` between them: 10.91.0.1 and .2, fd91::1 and ::2. Neighbours are
 * known, nobody asks for routers, and there are no link-local addresses: so once it is quiet the only packets are those
 * that a test sends. Only 10.91.0.4, also of the second, has to be asked for.
 */
export class Network {
  readonly a: Side;
  readonly b: Side;

  constructor(devices: readonly [string, string] = ["va", "vb"]) {
    this.a = new Side(`skbt-${process.pid}-a`, devices[0]);
    this.b = new Side(`skbt-${process.pid}-b`, devices[1]);
  }

  create(): void {
    const { a, b } = this;
    for (const side of [a, b]) {
      sh(`ip netns add ${side.namespace}`);
      side.sh(`
        for scope in all default; do
          sysctl -qw net.ipv6.conf.$scope.router_solicitations=0 net.ipv6.conf.$scope.accept_ra=0
          sysctl -qw net.ipv6.conf.$scope.mldv2_unsolicited_report_interval=1 net.ipv6.conf.$scope.addr_gen_mode=1
        done`);
    }
    const link = ["link", "add", a.device, "netns", a.namespace, "type", "veth", "peer", "name"];
    execFileSync("ip", [...link, b.device, "netns", b.namespace]);
    this.#address(a, ["10.91.0.1/24", "fd91::1/64"]);
    this.#address(b, ["10.91.0.2/24", "10.91.0.4/24", "fd91::2/64"]);
    this.#know(a, b, ["10.91.0.2", "fd91::2"]);
    this.#know(b, a, ["10.91.0.1", "fd91::1"]);
    a.sh("ping -q -c 1 10.91.0.2; ping -q -c 1 fd91::2");
  }

  /** Waits until the devices have sent nothing for a while: they tell of their multicast groups twice, a second apart. */
  async quiet(): Promise<void> {
    const sent = (): number => this.a.linkCount().sent + this.b.linkCount().sent;
    for (let before = -1, now = sent(); now !== before; now = sent()) {
      before = now;
      await delay(QUIET_MS);
    }
  }

  /** Nothing is left, whatever has come to be. */
  remove(): void {
    for (const { namespace } of [this.a, this.b])
      sh(
        `ip netns pids ${namespace} 2> /dev/null | xargs -r kill -KILL; ip netns del ${namespace} 2> /dev/null || true`,
      );
  }

  #address({ namespace, device }: Side, addresses: readonly string[]): void {
    const ip = (...args: string[]): void => void execFileSync("ip", ["-n", namespace, ...args]);
    for (const address of addresses)
      ip("addr", "add", address, "dev", device, ...(address.includes(":") ? ["nodad"] : []));
    ip("link", "set", "dev", "lo", "up");
    ip("link", "set", "dev", device, "up");
  }

  #know({ namespace, device }: Side, other: Side, addresses: readonly string[]): void {
    const links = execFileSync("ip", ["-n", other.namespace, "-j", "link", "show", "dev", other.device], {
      encoding: "utf8",
    });
    const mac = /"address":"([^"]*)"/.exec(links)?.[1] ?? "";
    for (const address of addresses)
      execFileSync("ip", [
        "-n",
        namespace,
        "neigh",
        "replace",
        address,
        "lladdr",
        mac,
        "dev",
        device,
        "nud",
        "permanent",
      ]);
  }
}

/** A network for all tests of a file, gone after them. */
export function network(devices?: readonly [string, string]): Network {
  const made = new Network(devices);
  beforeAll(() => made.create());
  afterAll(() => made.remove());
  return made;
}
