// Live tracing prints byte for byte what replaying its recording prints.
import { beforeAll, expect, test } from "vitest";

import { type RunResult, skbtracer, startRecorder, stop } from "./support/cli.js";
import { network } from "./support/network.js";
import { sendDatagrams } from "./support/traffic.js";
import { workspace } from "./support/workspace.js";

const path = workspace();
const { a, b } = network();

const TRACES: readonly string[] = [
  "",
  "-t",
  "--json",
  "-t --iptable",
  "-t --lifecycle",
  "-t --noroute --dropstack",
  "-t --callstack -P 9",
  "-t -c 7",
];
const fileOf = (flags: string): string => path(`live ${flags}`);
const split = (flags: string): string[] => flags.split(" ").filter((flag) => flag !== "");
const printed = new Map<string, RunResult>();

beforeAll(async () => {
  b.sh("iptables-legacy -A INPUT -p udp --dport 9 -j DROP");
  const tracers = await Promise.all(
    TRACES.map(async (flags) => {
      const file = fileOf(flags);
      const options = ["--no-rules", "-H", "10.91.0.1", "-o", file, ...split(flags)];
      return [flags, await startRecorder(file, ...options)] as const;
    }),
  );
  await a.run(`ping -q -c 5 -i 0.02 10.91.0.2; ${sendDatagrams("10.91.0.2", 9, 3)}`);
  await Promise.all(tracers.map(async ([flags, tracer]) => printed.set(flags, await stop(tracer))));
});

test.concurrent.each(TRACES)("with flags `%s`", async (flags) => {
  const live = printed.get(flags);
  const replay = await skbtracer("replay", "-H", "10.91.0.1", ...split(flags), fileOf(flags));
  expect(live?.code).toBe(0);
  expect(live?.stdout).toBe(replay.stdout);
  const lines = replay.stdout.split("\n").filter((line) => line !== "" && !line.startsWith(" ")).length;
  if (flags.includes("-c 7")) expect(lines).toBe(1 + 7);
  else expect(lines).toBeGreaterThan(3);
});

test("a stack is printed with each drop that it was asked for", () => {
  const { stdout = "" } = printed.get("-t --noroute --dropstack") ?? {};
  const drops = stdout.split("\n").filter((line) => line.includes("DROP NETFILTER_DROP at nf_hook_slow+0x"));
  expect(drops.length).toBe(3);
  expect(stdout.match(/^ {4}nf_hook_slow\+0x/gm)?.length).toBe(3);
});
