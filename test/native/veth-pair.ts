// Two namespaces joined by a veth pair, for one test file at a time.
import { execFileSync } from "node:child_process";

const sh = (line: string): string => execFileSync("bash", ["-ec", line], { encoding: "utf8" });

/** A pair of namespaces with a veth pair `va` and `vb` between them, 10.91.0.1 and .2, fd91::1 and ::2. */
export class Network {
  readonly a: string = `skbt-${process.pid}-a`;
  readonly b: string = `skbt-${process.pid}-b`;

  constructor() {
    const { a, b } = this;
    sh(`
      ip netns add ${a}; ip netns add ${b}
      ip link add va netns ${a} type veth peer name vb netns ${b}
      ip -n ${a} addr add 10.91.0.1/24 dev va; ip -n ${b} addr add 10.91.0.2/24 dev vb
      ip -n ${a} addr add fd91::1/64 dev va nodad; ip -n ${b} addr add fd91::2/64 dev vb nodad
      for ns in ${a} ${b}; do ip -n $ns link set dev lo up; done
      ip -n ${a} link set dev va up; ip -n ${b} link set dev vb up
      ip netns exec ${b} iptables-legacy -A INPUT -p udp --dport 9 -j DROP
      ip netns exec ${a} ping -q -c 1 10.91.0.2 > /dev/null
      ip netns exec ${a} ping -q -c 1 fd91::2 > /dev/null`);
  }

  /** Runs a line of bash in the first namespace. */
  inA(line: string): string {
    return sh(`ip netns exec ${this.a} bash -ec '${line}'`);
  }

  /** Runs a line of bash in the second. */
  inB(line: string): string {
    return sh(`ip netns exec ${this.b} bash -ec '${line}'`);
  }

  /** The inode of the second. */
  get inodeB(): number {
    return Number(sh(`stat -L -c %i /run/netns/${this.b}`));
  }

  remove(): void {
    sh(`ip netns del ${this.a}; ip netns del ${this.b}`);
  }
}
