// However a recording ends, its file is whole or says that it is not, and the exit code says whether it could be done.
import { randomInt } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import {
  bash,
  CLI,
  info,
  run,
  type RunResult,
  skbtracer,
  startRecorder,
  startSkbtracer,
} from "./support/cli.js";
import { network } from "./support/network.js";
import { expectNoTrace } from "./support/refusal.js";
import { workspace } from "./support/workspace.js";

const path = workspace();
const { a } = network();

/** The original's two lines, and the recording's events beside them. */
async function expectWhole(result: RunResult, file: string, reason: string): Promise<void> {
  expect(result.stderr).toMatch(/^\d+ event\(s\) received\n\d+ event\(s\) lost \(none\)$/m);
  expectNoTrace(result.stderr);
  expect(result.code).toBe(0);
  const found = await info(file, "--strict");
  expect(found).toMatchObject({ closed: true, end_reason: reason, missing: 0, damage: [] });
  expect(result.stderr).toContain(`${found.events} event(s) received\n${found.lost} event(s) lost`);
}

describe.concurrent("a recording is closed", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("at %s", async (signal) => {
    const file = path(signal);
    const recorder = await startRecorder(file, "record", "-o", file);
    recorder.process.kill(signal);
    await expectWhole(await recorder.ended, file, signal);
  });

  test("after --duration", async () => {
    const result = await skbtracer("record", "-o", path("duration"), "--duration", "300ms");
    await expectWhole(result, path("duration"), "duration");
  });

  test("after -c events", async () => {
    const file = path("count");
    const recorder = await startRecorder(file, "record", "-o", file, "-H", "10.91.0.2", "-c", "50");
    // Fewer would be an endless wait, more are too late.
    await a.run("ping -q -c 40 -i 0.01 10.91.0.2");
    await expectWhole(await recorder.ended, file, "count");
    expect((await info(file)).events).toBeGreaterThanOrEqual(50);
  });

  test("with its command, whose output is its own", async () => {
    const result = await skbtracer(
      "record",
      "-o",
      path("command"),
      "--",
      ...a.command("ping -q -c 3 10.91.0.2"),
    );
    expect(result.stdout).toMatch(/3 packets transmitted, 3 received/);
    await expectWhole(result, path("command"), "command");
  });

  test("with a command that fails, which is said", async () => {
    const result = await skbtracer("record", "-o", path("failing"), "--", "bash", "-c", "exit 3");
    expect(result.stderr).toMatch(/^skbtracer: bash ended with status 3$/m);
    await expectWhole(result, path("failing"), "command");
  });

  test("with a command that cannot be run, which is a failure", async () => {
    const result = await skbtracer("record", "-o", path("absent"), "--", "no-such-command");
    expect(result.stderr).toMatch(/^skbtracer: cannot run no-such-command: no such command$/m);
    expectNoTrace(result.stderr);
    expect(result.code).toBe(2);
    expect(await info(path("absent"), "--strict")).toMatchObject({ closed: true, end_reason: "command" });
  });

  test("at SIGINT while it runs a command, which ends too", async () => {
    const file = path("both");
    const recorder = await startRecorder(file, "record", "-o", file, "--", "sleep", "1000");
    recorder.process.kill("SIGINT");
    await expectWhole(await recorder.ended, file, "SIGINT");
  });

  test("when it goes to a pipe, where it reads as a file does", async () => {
    const { code, stdout } = await bash(
      "set -o pipefail; $SKBTRACER record -o - --duration 300ms | $SKBTRACER info --json --strict -",
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      closed: true,
      end_reason: "duration",
      damage: [],
      missing: 0,
    });
  });

  test("at a signal at any moment of its start", async () => {
    const starts = Array.from({ length: 4 }, async (_, i) => {
      const file = path(`early${i}`);
      const recorder = startSkbtracer("record", "-o", file);
      await delay(100 + randomInt(1500));
      recorder.process.kill("SIGTERM");
      const { stderr } = await recorder.ended;
      expectNoTrace(stderr);
      // It may be too early for a file; a file there is, is whole.
      if (existsSync(file)) expect(await info(file, "--strict")).toMatchObject({ closed: true });
    });
    await Promise.all(starts);
  });
});

describe.concurrent("its file", () => {
  test("is its owner's alone", async () => {
    await bash(`umask 000; $SKBTRACER record -o ${path("mode")} --no-rules --duration 10ms`);
    expect(statSync(path("mode")).mode & 0o777).toBe(0o600);
  });
  test("takes the place of another only with --force, and then has a mode of its own", async () => {
    writeFileSync(path("old"), "precious", { mode: 0o644 });
    expect((await skbtracer("record", "-o", path("old"), "--duration", "10ms")).code).toBe(2);
    expect(readFileSync(path("old"), "utf8")).toBe("precious");
    const forced = await skbtracer(
      "record",
      "-o",
      path("old"),
      "--force",
      "--no-rules",
      "--duration",
      "10ms",
    );
    expect(forced.code).toBe(0);
    expect(statSync(path("old")).mode & 0o777).toBe(0o600);
    expect(await info(path("old"))).toMatchObject({ closed: true });
  });
});

describe.concurrent("its progress", () => {
  test("is shown on a terminal, and gone in the end", async () => {
    const command = `${process.execPath} ${CLI} record -o ${path("tty")} --no-rules --duration 1500ms`;
    const { stdout, code } = await run("script", ["-qec", command, "/dev/null"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\r\u001B\[Krecording 00:0\d {2}[\d,]+ events {2}[\d,]+\/s {2}[\d,]+ lost/);
    expect(stdout.slice(stdout.lastIndexOf("recording 00:"))).toMatch(/\r\u001B\[K\d+ event\(s\) received/);
  });
  test("is not shown elsewhere", async () => {
    const { stderr } = await skbtracer("record", "-o", path("quiet"), "--no-rules", "--duration", "1500ms");
    expect(stderr).not.toMatch(/\r|\u001B|recording 00/);
  });
});

test("killed at ten random moments, its file reads up to the last whole chunk and says that it was not closed", async () => {
  const flags = ["-H", "10.91.0.2", "--no-rules", "--buffer", "512K"];
  const names = Array.from({ length: 10 }, (_, i) => path(`killed${i}`));
  const recorders = await Promise.all(
    names.map((file) => startRecorder(file, "record", "-o", file, ...flags)),
  );
  const flood = a.start("ping", "-q", "-f", "10.91.0.2");
  const kills = recorders.map(async ({ process, ended }) => {
    await delay(randomInt(1500));
    process.kill("SIGKILL");
    await ended;
  });
  await Promise.all(kills);
  flood.process.kill("SIGINT");
  await flood.ended;
  const read = async (file: string): Promise<void> => {
    const replay = await skbtracer("replay", "--noroute", file);
    expect(replay.stderr).toMatch(
      /^skbtracer: the recording was not closed: its last moments may be missing$/m,
    );
    expect(replay.code).toBe(0);
    const { closed, damage, bytes } = await info(file);
    expect(closed).toBe(false);
    for (const { offset, length } of damage) expect(offset + length).toBe(bytes);
    expect(damage.length).toBeLessThanOrEqual(1);
  };
  await Promise.all(names.map(read));
});
