// Stacks are symbolised from what the recording carries: another machine, or this one with its symbols hidden, reads the
// same names.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { DropRow } from "@skbtracer/analyzer";
import { beforeAll, describe, expect, test } from "vitest";

import { bash, type RunResult, skbtracer, startRecorder, stop } from "./support/cli.js";
import { network } from "./support/network.js";
import { sendDatagrams } from "./support/traffic.js";
import { workspace } from "./support/workspace.js";

const FIXTURES = fileURLToPath(new URL("../../fixtures/v1/", import.meta.url));
const path = workspace();
const { a } = network();

/** Runs a line of bash where /proc/kallsyms and the kernel's types are empty. */
const hidden = (line: string): Promise<RunResult> =>
  bash(`export SKBTRACER; unshare --mount bash -ec '
    mount --bind /dev/null /proc/kallsyms
    [ ! -d /sys/kernel/btf ] || mount -t tmpfs tmpfs /sys/kernel/btf
    [ ! -s /proc/kallsyms ]
    ${line}'`);

beforeAll(async () => {
  const recorder = await startRecorder(path("trace"), "record", "-o", path("trace"), "--dropstack");
  a.sh(sendDatagrams("10.91.0.2", 5354, 3)); // closed
  await stop(recorder);
});

describe("the stack of a drop", () => {
  test("leads from the system call to the place of the drop, by names", async () => {
    const { stdout } = await skbtracer("drops", "--json", "-P", "5354", path("trace"));
    const drops = stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as DropRow);
    expect(drops.length).toBe(3);
    for (const { stack, function: place } of drops) {
      const frames = (stack ?? "").split("; ");
      expect(frames.length).toBeGreaterThan(5);
      for (const frame of frames) expect(frame).toMatch(/^[\w.]+\+0x[\da-f]+( \[\w+\])?$/);
      const names = frames.map((frame) => frame.split("+")[0]);
      expect(names).toContain(place);
      expect(names.indexOf(place)).toBeLessThan(names.indexOf("udp_sendmsg"));
    }
  });

  test.each(["drops --list -P 5354", "paths --stacks -P 5354"])(
    "is the same where the host's symbols are hidden: %s",
    async (command) => {
      const { stdout } = await skbtracer(...command.split(" "), path("trace"));
      expect(stdout).toMatch(/^ {4}udp_sendmsg\+0x/m);
      const blind = await hidden(`$SKBTRACER ${command} ${path("trace")}`);
      expect({ code: blind.code, stdout: blind.stdout }).toEqual({ code: 0, stdout });
    },
  );
});

describe("modules of kernels that are not this one have their names in stacks", () => {
  test.each(readdirSync(FIXTURES).filter((name) => /^bridge-.*\.skbt$/.test(name)))("%s", async (name) => {
    const { code, stdout, stderr } = await hidden(
      `$SKBTRACER drops --list --proto udp --func nf_hook_slow ${FIXTURES}${name}`,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const module of ["bridge", "br_netfilter"])
      expect(stdout).toMatch(new RegExp(`^ {4}\\w[\\w.]*\\+0x[\\da-f]+ \\[${module}\\]$`, "m"));
    expect(stdout).not.toMatch(/^ {4}0x/m);
  });
});
