// Tracing of nftables' rules: switched on, and off again however the recorder ends.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";

import { findLeftovers, NftTrace, removeLeftovers } from "../../src/host/nft-trace.js";

const MODULE = fileURLToPath(new URL("../../dist/host/nft-trace.js", import.meta.url));

const able =
  process.getuid?.() === 0 && spawnSync("unshare", ["--net", "nft", "list", "ruleset"]).status === 0;

/** Processes that hold the rule for a recorder. */
function holdersOf(recorder: number | undefined): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(`skbtracer-nft-trace ${recorder} `);
      } catch {
        // It has ended since the folder was listed.
        return false;
      }
    })
    .map(Number);
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (holds()) return;
    await delay(50);
  }
  throw new Error(`it never came: ${what}`);
}

const started: ChildProcess[] = [];
afterEach(() => {
  for (const { pid } of started.splice(0))
    for (const one of [pid, ...holdersOf(pid)])
      try {
        if (one !== undefined) process.kill(one, "SIGKILL");
      } catch {
        // it has ended
      }
});

/** A recorder that has switched tracing on. */
async function startRecorder(): Promise<{ recorder: ChildProcess; holder: number }> {
  const code = `(await import(${JSON.stringify(MODULE)})).NftTrace.start().then(() => console.log("on")); setInterval(() => 0, 1000)`;
  const recorder = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.push(recorder);
  await new Promise((resolve) => recorder.stdout?.once("data", resolve));
  const [holder = 0] = holdersOf(recorder.pid);
  return { recorder, holder };
}

describe.skipIf(!able)("tracing of rules (skipped without root, unshare and nft)", () => {
  test("is a rule in a namespace of its own, until it is switched off", async () => {
    const trace = await NftTrace.start();
    const [holder = 0] = holdersOf(process.pid);
    expect(readlinkSync(`/proc/${holder}/ns/net`)).not.toBe(readlinkSync("/proc/self/ns/net"));
    const ruleset = execFileSync("nsenter", [`--net=/proc/${holder}/ns/net`, "nft", "list", "ruleset"], {
      encoding: "utf8",
    });
    expect(ruleset).toContain("meta nftrace set 1");
    expect(ruleset).toContain(`skbtracer-nft-trace ${process.pid} `);
    expect(findLeftovers().filter(({ recorderPid }) => recorderPid === process.pid)).toEqual([]);
    await trace.stop();
    expect(holdersOf(process.pid)).toEqual([]);
    await trace.stop();
  });

  test("ends with a recorder that is killed", async () => {
    const { recorder } = await startRecorder();
    recorder.kill("SIGKILL");
    await until(() => holdersOf(recorder.pid).length === 0, "the end of the holder");
  });

  test("that was left on is found and switched off, and that of others who record is left alone", async () => {
    const [dead, alive] = [await startRecorder(), await startRecorder()];
    process.kill(dead.holder, "SIGSTOP");
    dead.recorder.kill("SIGKILL");
    await new Promise((resolve) => dead.recorder.once("exit", resolve));
    const leftover = { pid: dead.holder, recorderPid: dead.recorder.pid };
    expect(findLeftovers()).toContainEqual(leftover);
    expect(removeLeftovers()).toContainEqual(leftover);
    await until(() => holdersOf(dead.recorder.pid).length === 0, "the end of the holder");
    expect(findLeftovers()).toEqual([]);
    expect(holdersOf(alive.recorder.pid)).toEqual([alive.holder]);
  });
});
