// The demo on the running kernel: makes a network, records its traffic, tells what happened, and compares that with
// the counters of iptables.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { ROOT } from "../run-command.mjs";
import { styled } from "../terminal.mjs";
import { cli } from "./cli.mjs";
import { DemoNetwork, PORTS } from "./network.mjs";
import { heading, showCommand, showRecording, suggest } from "./show-recording.mjs";

/** Relative to the repository. */
const TRAFFIC = "scripts/demo/traffic.mjs";

/** This machine cannot have the demo's network, or the recorder failed. */
export class NoDemo extends Error {}

/**
 * @param {AbortSignal} interrupted
 * @returns {Promise<boolean>} whether what was recorded agrees with the counters of iptables
 * @throws {NoDemo}
 */
export async function liveDemo(interrupted) {
  const network = new DemoNetwork();
  try {
    await network.create().catch((/** @type {Error} */ error) => {
      throw new NoDemo(`the demo's network namespaces cannot be made: ${error.message}`);
    });
    if (interrupted.aborted) return false;
    const file = join(await mkdtemp(join(tmpdir(), "skbtracer-")), "demo.skbt");
    await record(network, file, interrupted);
    if (interrupted.aborted) return false;
    return await tell(network, file);
  } finally {
    await network.remove();
  }
}

/**
 * @param {DemoNetwork} network
 * @param {string} file
 * @param {AbortSignal} interrupted
 */
async function record({ client, server, hasRules }, file, interrupted) {
  heading("Two network namespaces, joined by a veth pair");
  console.log(`  client ${client.address} -> server ${server.address}`);
  if (hasRules)
    console.log(
      `  iptables drops TCP port ${PORTS.filtered} in the server, UDP port ${PORTS.forbidden} in the client`,
    );
  else console.log("  no rules: this kernel has no iptables for us");
  heading("Recording their traffic from the running kernel");
  showCommand("record", "-o", file, "-H", client.address, "--", "node", TRAFFIC, "...");
  const traffic = [TRAFFIC, client.name, client.address, server.name, server.address];
  const [program, args] = cli("record", "-o", file, "-H", client.address, "--", process.execPath, ...traffic);
  // What the recorder and the traffic say is for the user as it comes. A group of its own: it ends as we tell it.
  const recorder = spawn(program, args, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", process.stdout],
    detached: true,
  });
  const stop = () => recorder.kill("SIGTERM");
  interrupted.addEventListener("abort", stop);
  const [status] = await once(recorder, "exit");
  interrupted.removeEventListener("abort", stop);
  if (status !== 0 && !interrupted.aborted) throw new NoDemo("the recorder failed");
}

/**
 * @param {DemoNetwork} network
 * @param {string} file
 * @returns {Promise<boolean>}
 */
async function tell(network, file) {
  const flows = await showRecording(file, [
    { title: "A ping, there and back", args: ["-t", "--iptable", "--proto", "icmp", "-c", "6"] },
    { title: "A connection that never opens", args: ["-t", "--iptable", "-P", String(PORTS.filtered)] },
  ]);
  const agreed = network.hasRules ? await compareWithCounters(network, flows) : flows.length > 0;
  heading("Go on");
  console.log(`  The recording is kept: ${file}`);
  suggest([
    [`replay ${file} --iptable`, "every event of it"],
    [`replay ${file} --json`, "the same for programs"],
    ["--noroute --dropstack", "drops on this host as they happen, and the kernel functions that led there"],
    ["--help", "all that it can do"],
  ]);
  return agreed;
}

/**
 * @param {DemoNetwork} network
 * @param {readonly import("./flows.mjs").Flow[]} flows
 * @returns {Promise<boolean>}
 */
async function compareWithCounters(network, flows) {
  let agreed = true;
  console.log(styled("dim", "\n  The same as iptables counted it:"));
  for (const { host, rule, packets } of await network.ruleCounters()) {
    const port = Number(/--dport (\d+)/.exec(rule)?.[1]);
    const protocol = /-p (\w+)/.exec(rule)?.[1]?.toUpperCase();
    const sent = flows
      .filter((flow) => flow.port === port && flow.protocol === protocol)
      .flatMap(({ out }) => out);
    const recorded = sent.filter(({ drop }) => rule.endsWith("-j DROP") === (drop !== undefined)).length;
    const same = recorded === packets;
    const end = same ? styled("green", "agrees") : styled("red", `differs: ${recorded} in the recording`);
    const where = host === network.client ? "client" : "server";
    console.log(`  ${where}  ${rule.padEnd(46)} ${packets} packet(s): ${end}`);
    agreed &&= same;
  }
  return agreed;
}
