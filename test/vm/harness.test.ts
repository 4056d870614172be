// Each kernel boots under the harness, and is a whole Linux inside: processes, namespaces, iptables, on-demand modules.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { kernelOrSkip, kernelsHere, prepareKernel } from "./harness/kernels.mjs";
import { runInVm, VmFailed } from "./harness/vm.mjs";

const script = (name: string): string => fileURLToPath(new URL(`scripts/${name}`, import.meta.url));

const kernels = await kernelsHere();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skbtracer-vm-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a virtual machine", () => {
  for (const row of kernels) {
    const { suite, line } = row;
    test(`runs Node, namespaces and iptables on Debian ${suite} (${line})`, async (context) => {
      const kernel = await kernelOrSkip(row, context);
      const result = await runInVm({
        kernel,
        script: script("smoke.sh"),
        out: join(folder, suite),
        env: { GREETING: "it's me" },
      });
      console.log(
        `${suite}: ${kernel.release}, ${result.seconds.toFixed(1)} s`,
        result.console.match(/^init: .*/gm),
      );

      expect(result.stderr).toBe("");
      expect(result.oops).toBeNull();
      const said = Object.fromEntries(
        result.stdout.split("\n").map((one) => [one.split(": ")[0], one.slice(one.indexOf(": ") + 2)]),
      );
      expect(said["uname"]).toBe(kernel.release);
      if (line !== "newest")
        expect(kernel.release).toMatch(new RegExp(`^${line.replace(".", String.raw`\.`)}\\.`));
      expect(said["node"]).toBe(process.version);
      expect(said["greeting"]).toBe("it's me");
      expect(said["ping"]).toMatch(/^3 packets transmitted, 3 received, 0% packet loss/);
      // pkts bytes target prot opt in out source destination: 4 echo requests of 84 bytes
      expect(said["rule"]).toMatch(/^4 336 DROP (icmp|1) -- \* \* 10\.9\.0\.1 0\.0\.0\.0\/0/);
      expect(said["dropped"]).toMatch(/^4 packets transmitted, 0 received, 100% packet loss/);
      expect(said["modprobe"]).toBe("loaded");
      expect(result.status).toBe(42);
    });
  }

  test("tells a script that does not end from one that fails", async () => {
    const own = kernels.find((row) => row.own);
    const kernel = await prepareKernel(own?.suite ?? "bookworm");
    const out = join(folder, "endless");
    const failed = await runInVm({ kernel, script: script("endless.sh"), out, timeoutSeconds: 30 }).catch(
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(VmFailed);
    expect(failed).toMatchObject({ reason: "timeout", message: expect.stringContaining("still here") });
  });

  test("reports a kernel that dies, at once and with its words", async () => {
    const own = kernels.find((row) => row.own);
    const kernel = await prepareKernel(own?.suite ?? "bookworm");
    const out = join(folder, "crash");
    const failed = await runInVm({ kernel, script: script("crash.sh"), out }).catch(
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(VmFailed);
    expect(failed).toMatchObject({ reason: "oops", message: expect.stringContaining("Kernel panic") });
  });
});
