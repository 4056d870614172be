// A filter expression in the kernel lets pass what tcpdump finds with the same expression, on each kernel.
import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, test } from "vitest";

import { kernelOrSkip, kernelsHere } from "./harness/kernels.mjs";
import { runScenarios } from "./harness/scenarios.mjs";
import { CLI, jsonLines, LONG, run } from "./support/command.js";
import { expectDone } from "./support/guest.js";

/** Each with the least that tcpdump finds: the traffic is known. */
const EXPRESSIONS: readonly [expression: string, atLeast: number][] = [
  ["icmp and host 10.0.2.1", 10],
  ["tcp port 8080 and host 10.0.2.1 and not net 192.168.0.0/16", 6],
  ["arp or icmp6 or ip[6:2] & 0x3fff != 0", 10],
  ["udp and not dst port 10 and greater 200", 2],
];

interface Event {
  readonly kind: string;
  readonly function: string;
  readonly interface?: string;
  readonly netns: number;
}

const folder = mkdtempSync(join(tmpdir(), "skbtracer-vm-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function eventsOf(file: string, ...flags: string[]): Promise<Event[]> {
  const { stdout } = await run(process.execPath, [CLI, "replay", "--json", ...flags, file], LONG);
  return jsonLines(stdout) as Event[];
}

const kernels = await kernelsHere();

describe("filter expressions", () => {
  for (const row of kernels)
    test(`on Debian ${row.suite} (${row.line})`, async (context) => {
      const kernel = await kernelOrSkip(row, context);
      const out = join(folder, row.suite);
      const expressions = row.isOutermost ? EXPRESSIONS : EXPRESSIONS.slice(1, 3);
      const env = { EXPRESSIONS: expressions.map(([expression]) => expression).join("\n") };
      expectDone(await runScenarios({ kernel, out, script: "expressions.sh", env }));

      const f = Number(await readFile(join(out, "netns.f"), "utf8"));
      for (const [index, [expression, atLeast]] of expressions.entries()) {
        const found = await run("tcpdump", ["-n", "-r", join(out, "vf.pcap"), expression], LONG);
        const captured = found.stdout.split("\n").filter(Boolean).length;
        expect(captured, expression).toBeGreaterThanOrEqual(atLeast);
        const file = join(out, `${index + 1}.skbt`);
        const all = await eventsOf(file);
        const atDevice = all.filter((event) => event.interface === "vf" && event.netns === f);
        const at = (name: string): number => atDevice.filter((event) => event.function === name).length;
        expect(at("__dev_queue_xmit") + at("__netif_receive_skb"), expression).toBe(captured);
        // What the kernel let pass at a function passes there on replay too, and so at all functions of these packets.
        expect((await eventsOf(file, "-e", expression)).length, expression).toBe(all.length);
      }
    });
});
