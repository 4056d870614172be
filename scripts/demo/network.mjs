// The demo's network: a client and a server, each a network namespace, joined by a veth pair, with a few rules.
import { existsSync } from "node:fs";
import process from "node:process";

import { mustRun, onPath, run } from "../run-command.mjs";

const PREFIX = "skbt-";

/** Ports of the server, by what is to happen to packets for them. */
export const PORTS = Object.freeze({ http: 80, filtered: 81, echo: 53, unheard: 9999, forbidden: 123 });

/** @typedef {{ name: string, address: string }} Host its namespace and its address */

/** Two hosts and what joins them. Others of the same machine are not touched. */
export class DemoNetwork {
  /** @type {"iptables-legacy" | "iptables" | undefined} */
  #iptables;

  /** @param {number} id makes names and addresses that another run does not have */
  constructor(id = process.pid) {
    const subnet = `10.77.${id % 256}`;
    /** @type {Host} */
    this.client = { name: `${PREFIX}${id}-client`, address: `${subnet}.1` };
    /** @type {Host} */
    this.server = { name: `${PREFIX}${id}-server`, address: `${subnet}.2` };
  }

  /**
   * Makes it, and removes what a run that was killed left behind.
   * @throws {import("../run-command.mjs").CommandFailed} if this machine has no namespaces or veth for us
   */
  async create() {
    await removeOrphans();
    const { client, server } = this;
    for (const { name } of [client, server]) await mustRun("ip", ["netns", "add", name]);
    const pair = ["eth0", "netns", client.name, "type", "veth", "peer", "name", "eth0", "netns", server.name];
    await mustRun("ip", ["link", "add", ...pair]);
    for (const { name, address } of [client, server]) {
      await mustRun("ip", ["-n", name, "address", "add", `${address}/24`, "dev", "eth0"]);
      // No IPv6 address, and so none of its own traffic.
      await mustRun("ip", ["-n", name, "link", "set", "eth0", "addrgenmode", "none"]);
      for (const device of ["lo", "eth0"]) await mustRun("ip", ["-n", name, "link", "set", device, "up"]);
    }
    await this.#addRules();
  }

  async #addRules() {
    const { client, server } = this;
    /** @type {[Host, string][]} */
    const rules = [
      [server, `-A INPUT -p tcp --dport ${PORTS.http} -j ACCEPT`],
      [server, `-A INPUT -p tcp --dport ${PORTS.filtered} -j DROP`],
      [server, `-A INPUT -p udp --dport ${PORTS.echo} -j ACCEPT`],
      [client, `-A OUTPUT -p udp --dport ${PORTS.forbidden} -j DROP`],
    ];
    for (const program of /** @type {const} */ (["iptables-legacy", "iptables"])) {
      if (!onPath(program)) continue;
      const ended = [];
      for (const [{ name }, rule] of rules)
        ended.push(await run(...inside(name, program, "-w", ...rule.split(" "))));
      if (ended.every(({ status }) => status === 0)) {
        this.#iptables = program;
        return;
      }
    }
  }

  /** Whether it has its rules: not every kernel has iptables. */
  get hasRules() {
    return this.#iptables !== undefined;
  }

  /**
   * What iptables itself counted, after the traffic.
   * @returns {Promise<{ host: Host, rule: string, packets: number }[]>}
   */
  async ruleCounters() {
    if (!this.#iptables) return [];
    const counters = [];
    for (const host of [this.client, this.server]) {
      const text = await mustRun(...inside(host.name, `${this.#iptables}-save`, "-c", "-t", "filter"));
      for (const [, packets, rule = ""] of text.matchAll(/^\[(\d+):\d+\] (-A .*)$/gm))
        counters.push({ host, rule, packets: Number(packets) });
    }
    return counters;
  }

  /** Removes it; what is in it goes too. */
  async remove() {
    for (const { name } of [this.client, this.server]) await run("ip", ["netns", "delete", name]);
  }
}

/**
 * The program and arguments that run a command in a namespace.
 * @param {string} namespace
 * @param {...string} command
 * @returns {[program: string, args: string[]]}
 */
export function inside(namespace, ...command) {
  return ["ip", ["netns", "exec", namespace, ...command]];
}

async function removeOrphans() {
  const { stdout } = await run("ip", ["netns", "list"]);
  for (const [name, id] of stdout.matchAll(/^skbt-(\d+)-(?:client|server)\b/gm))
    if (!existsSync(`/proc/${id}`)) await run("ip", ["netns", "delete", name]);
}
