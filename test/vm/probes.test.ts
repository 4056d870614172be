// Any function by --probes, on each kernel: what another tracer sees of a ping, everything there is, what functions
// return, and a module that is unloaded meanwhile.
import { existsSync, mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect } from "vitest";

import { preparePwru } from "../../bench/overhead/pwru.mjs";
import { KERNELS, kernelsHere } from "./harness/kernels.mjs";
import { runScenarios } from "./harness/scenarios.mjs";
import { CLI, jsonLines, LONG, run } from "./support/command.js";
import { expectDone, testsOn } from "./support/guest.js";

/** On the way of an echo request over a veth pair; on every kernel functions of their own. */
const FUNCTIONS =
  "ip_output,ip_finish_output,__dev_queue_xmit,dev_hard_start_xmit,ip_rcv,ip_local_deliver,icmp_rcv";
const MODULES = ["af_packet", "veth", "bridge", "br_netfilter", "ip_tables", "iptable_filter", "iptable_nat"];
/** An idle machine takes two minutes. */
const TIMEOUT_SECONDS = 900;

const folder = mkdtempSync(join(tmpdir(), "skbtracer-probes-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface PathRow {
  readonly functions: string;
  readonly skb: string;
  readonly info: string | null;
  readonly protocol: string | null;
}

interface ProbeRow {
  readonly probe: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string | null;
  readonly hits: number | null;
  readonly events: number;
}

const rowsHere = await kernelsHere();
describe.each(KERNELS.map(({ suite, line }) => ({ suite, line })))(
  "--probes on Debian $suite ($line)",
  ({ suite }) => {
    const out = join(folder, suite);
    const row = rowsHere.find((candidate) => candidate.suite === suite);
    const it = testsOn(row, async (kernel) => {
      const pwru = await preparePwru().catch(() => undefined);
      const result = await runScenarios({
        kernel,
        script: "probes.sh",
        out,
        modules: MODULES,
        timeoutSeconds: TIMEOUT_SECONDS,
        env: { FUNCTIONS, PWRU: pwru?.program ?? "" },
      });
      expectDone(result);
    });

    const lines = async (name: string, command: string, ...flags: string[]): Promise<unknown[]> => {
      const args = [CLI, command, ...flags, join(out, `${name}.skbt`)];
      const { stdout } = await run(process.execPath, args, LONG);
      return jsonLines(stdout);
    };
    const requests = async (name: string): Promise<PathRow[]> =>
      ((await lines(name, "paths", "--json", "--proto", "icmp")) as PathRow[]).filter(({ info }) =>
        /request/.test(info ?? ""),
      );
    const probes = async (name: string): Promise<ProbeRow[]> =>
      (await lines(name, "export", "--table", "probes", "--format", "ndjson", "-o", "-")) as ProbeRow[];

    it("what pwru reports of a ping is in our path of it, in the same order", async (skipped) => {
      if (!existsSync(join(out, "pwru.txt"))) return skipped("pwru cannot be had, or does not run here");
      const text = await readFile(join(out, "pwru.txt"), "utf8");
      const seen = text
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .filter((words) => /^0x[0-9a-f]+$/.test(words[0] ?? ""))
        .map((words) => ({ skb: BigInt(words[0] ?? "0"), function: words.at(-1) ?? "" }));
      const [request] = await requests("same");
      expect(request).toBeDefined();
      const theirs = seen
        .filter(({ skb }) => skb === BigInt(request?.skb ?? "0"))
        .map((one) => one.function)
        .join(" ");
      expect(theirs).toContain("ip_output");
      expect(theirs).toContain("icmp_rcv");
      // The address may be used again, after the ping.
      expect(
        `${theirs} `.startsWith(`${request?.functions ?? "?"} `),
        `${theirs}\n${request?.functions}`,
      ).toBe(true);
    });

    it("a glob of some fifty functions is attached, and hits are events where nothing is filtered", async () => {
      const rows = await probes("glob");
      const attached = rows.filter(({ probe, status }) => status === "attached" && probe.startsWith("ip_"));
      expect(attached.length).toBeGreaterThan(40);
      const hit = rows.filter(({ hits, events }) => hits !== null && events > 0);
      expect(hit.length).toBeGreaterThan(3);
      for (const { probe, hits, events } of hit) expect(hits, probe).toBe(events);
    });

    it("what functions return is told", async () => {
      const events = (await lines("glob", "replay", "--json")) as {
        kind: string;
        function: string;
        return_value?: string;
      }[];
      const values = (name: string): (string | undefined)[] =>
        events.filter((event) => event.function === name).map((event) => event.return_value);
      const sights = (name: string): number =>
        events.filter((event) => event.kind === "sight" && event.function === name).length;
      expect(values("icmp_rcv%return")).toHaveLength(sights("icmp_rcv"));
      expect(values("__dev_queue_xmit%return")).toHaveLength(sights("__dev_queue_xmit"));
      // It returns 0 on success: include/linux/netdevice.h, NET_XMIT_SUCCESS.
      expect(new Set(values("__dev_queue_xmit%return"))).toEqual(new Set(["0"]));
      expect(sights("__dev_queue_xmit")).toBeGreaterThan(1);
    });

    it("every function there is can be recorded at once, where the kernel can attach many at once", async (skipped) => {
      if (!existsSync(join(out, "all.skbt"))) return skipped("this kernel has no kprobe-multi");
      const rows = await probes("all");
      expect(
        rows.filter(({ type, status }) => type === "kprobe_multi" && status === "attached").length,
      ).toBeGreaterThan(1000);
      expect(rows.filter(({ status, reason }) => status === "refused" && !reason)).toEqual([]);
      const [request] = await requests("all");
      const functions = request?.functions.split(" ") ?? [];
      for (const name of FUNCTIONS.split(",")) expect(functions).toContain(name);
      expect(functions.length).toBeGreaterThan(20);
    });

    it("a module that is unloaded while recording does not end it, and its functions keep their names", async () => {
      const [first, second] = await requests("unload");
      expect(first?.functions.split(" ")).toContain("br_handle_frame_finish");
      expect(second?.functions).not.toContain("br_");
      expect(second?.functions.split(" ")).toContain("ip_rcv");
      for (const event of (await lines("unload", "replay", "--json", "--lifecycle")) as {
        function: string;
      }[])
        expect(event.function).not.toMatch(/^0x/);
    });

    it("a drop in a module that was loaded while recording has its name", async () => {
      const drops = (await lines("unload", "drops", "--json", "--list")) as { location: string }[];
      const places = drops.map(({ location }) => location);
      expect(
        places.filter((place) => /^\w*gre_rcv\+0x[0-9a-f]+ \[(ip_)?gre\]$/.test(place)),
        places.join(),
      ).toHaveLength(1);
    });

    it("the recording says what it cost", async () => {
      const { stdout } = await run(process.execPath, [CLI, "info", "--json", join(out, "same.skbt")]);
      const { cost, kernel } = JSON.parse(stdout) as {
        kernel: string;
        cost: {
          missed: number;
          misses_known: boolean;
          recorder: { user_ns: number; max_resident_bytes: number };
        };
      };
      const [major = 0, minor = 0] = kernel.split(".").map(Number);
      expect(cost.misses_known).toBe(major > 6 || (major === 6 && minor >= 7));
      expect(cost.recorder.user_ns).toBeGreaterThan(0);
      expect(cost.recorder.max_resident_bytes).toBeGreaterThan(1e7);
    });
  },
);
