// Outputs that cannot be, end, or go away.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { bash, info, type RunResult, skbtracer } from "./support/cli.js";
import { network } from "./support/network.js";
import { expectNoTrace, expectRefused } from "./support/refusal.js";
import { workspace } from "./support/workspace.js";

const path = workspace();
const { a } = network();
const FIXTURE = fileURLToPath(new URL("../../fixtures/v1/veth-6.1.skbt", import.meta.url));
const LOSSY = fileURLToPath(new URL("../../fixtures/kernels/lossy-7.2.skbt", import.meta.url));
const FOREVER = `ip netns exec ${a.namespace} ping -q -i 0.01 10.91.0.2`;
const FLOOD = a
  .command("ping -q -f -c 20000 10.91.0.2")
  .map((part) => JSON.stringify(part))
  .join(" ");

describe.concurrent.each([
  ["record", ["record", "--no-rules", "--duration", "1s"]],
  ["live tracing", ["--no-rules", "--duration", "1s"]],
  ["repair", ["repair", FIXTURE]],
])("%s refuses an output", (name, command) => {
  const to = (output: string): Promise<RunResult> => skbtracer(...command, "-o", output);
  test("that exists, which is left as it was", async () => {
    const file = path(`${name} exists`);
    writeFileSync(file, "precious");
    expectRefused(await to(file), /exists: use another name, or --force/);
    expect(readFileSync(file, "utf8")).toBe("precious");
  });
  test("that is a folder", async () => expectRefused(await to(path("")), /is a folder: give a file name/));
  test("in a folder that is not there", async () =>
    expectRefused(await to(path("no/where")), /cannot (create|write) .*: (there is )?no such folder/));
  test("in a file", async () =>
    expectRefused(await to(`${FIXTURE}/x`), /a part of the path is not a folder/));
  test("of a name that is too long", async () =>
    expectRefused(await to(path("x".repeat(300))), /the name is too long/));
  test("in a read-only file system", async () => {
    const folder = path(`${name} ro`);
    mkdirSync(folder);
    const line = command.map((part) => JSON.stringify(part)).join(" ");
    const result = await bash(`
      mount -t tmpfs -o ro none "${folder}"; trap 'umount "${folder}"' EXIT
      $SKBTRACER ${line} -o "${folder}/x"`);
    expectRefused(result, /the file system is read-only/);
  });
});

describe("a full disk", () => {
  const onSmallDisk = (name: string, command: string): Promise<RunResult> => {
    mkdirSync(path(name));
    return bash(`
      mount -t tmpfs -o size=200k none ${path(name)}
      trap 'cp ${path(name)}/x ${path(name)}.cut; umount ${path(name)}' EXIT
      $SKBTRACER ${command.replace("FILE", `${path(name)}/x`)}`);
  };

  test("ends a recording: what is there reads, and what is missing is said", async () => {
    const result = await onSmallDisk("recorded", `record -o FILE --no-rules -- ${FLOOD}`);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(
      /^skbtracer: the recording ended early: cannot write to .*: no space left on the device$/m,
    );
    expect(result.stderr.match(/no space left/g)?.length).toBe(1);
    expectNoTrace(result.stderr);
    const { closed, end_reason, missing, events, damage } = await info(path("recorded.cut"));
    // The chunk for which there was no room is missing, and was taken off the file's end whole.
    const reasons = damage.map(({ length, reason }) => `${length}: ${reason}`);
    expect({ closed, end_reason, reasons }).toEqual({
      closed: true,
      end_reason: "ENOSPC",
      reasons: ["0: 1 chunk(s) missing here"],
    });
    expect(missing).toBeGreaterThan(0);
    const replay = await skbtracer("replay", path("recorded.cut"));
    expect(replay.stdout.split("\n").length).toBeGreaterThan(events / 2);
    expect(replay.stderr).toContain(`${missing} event(s) that were recorded are not in the file`);
  });

  test("ends live tracing that keeps its recording", async () => {
    const result = await onSmallDisk(
      "live",
      `-o FILE --no-rules > /dev/null & tracer=$!
       while kill -0 $tracer 2> /dev/null; do ${FLOOD} > /dev/null; done; wait $tracer`,
    );
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/ended early: cannot write to .*: no space left on the device$/m);
    expectNoTrace(result.stderr);
    expect(await info(path("live.cut"))).toMatchObject({ closed: true, end_reason: "ENOSPC" });
  });

  test("without room for the beginning is refused", async () => {
    const result = await skbtracer("record", "-o", "/dev/full", "--no-rules", "--duration", "1s");
    expect(result.stderr).toMatch(/cannot write to \/dev\/full: no space left on the device$/m);
    expectNoTrace(result.stderr);
    expect(result.code).toBe(2);
  });

  test("ends repair", async () => {
    const result = await bash(`$SKBTRACER repair ${FIXTURE} -o /dev/full`);
    expectRefused(result, /cannot write \/dev\/full: no space left on the device/);
  });

  test("leaves nothing of a repair under its name", async () => {
    const folder = path("repaired");
    mkdirSync(folder);
    const result = await bash(`
      mount -t tmpfs -o size=32k none "${folder}"; trap 'umount "${folder}"' EXIT
      $SKBTRACER repair ${FIXTURE} -o "${folder}/out"; code=$?; ls -A "${folder}"; exit $code`);
    expectRefused(result, /no space left on the device/);
  });

  test("ends what is printed to it", async () => {
    for (const command of ["replay", "info --json"]) {
      const result = await bash(`$SKBTRACER ${command} ${FIXTURE} > /dev/full`);
      expectRefused(result, /cannot write to standard output: no space left on the device/);
    }
  });

  test("a limit of the file's size ends a recording as a full disk does", async () => {
    const file = path("limited");
    const result = await bash(`ulimit -f 200; $SKBTRACER record -o ${file} --no-rules -- ${FLOOD}`);
    expect(result.stderr).toMatch(
      /ended early: cannot write to .*: the file would grow beyond the limit of its size$/m,
    );
    expectNoTrace(result.stderr);
    expect(result.code).toBe(2);
    expect(await info(file)).toMatchObject({ end_reason: "EFBIG" });
  });
});

describe.concurrent("a reader that goes away", () => {
  const code = (command: string): string => `${command}; echo "code \${PIPESTATUS[0]}"`;

  test.each([
    ["replay", `$SKBTRACER replay ${FIXTURE} | head -n 3`],
    ["replay --json", `$SKBTRACER replay --json ${FIXTURE} | head -n 3`],
    ["replay --speed", `$SKBTRACER replay --speed 100 ${FIXTURE} | head -n 3`],
    ["info", `$SKBTRACER info ${FIXTURE} | true`],
    ["--help", "$SKBTRACER --help | true"],
  ])("of %s: a line at most, and no failure", async (_name, command) => {
    const { stderr, stdout } = await bash(code(command));
    expect(stdout).toMatch(/^code 0$/m);
    expect(stderr).toMatch(/^(skbtracer: the reader of the output went away\n)?$/);
  });

  test.each([
    ["import", `import ${FIXTURE} -o out`, ["out"]],
    ["export", `export ${FIXTURE} --table events --format parquet -o out`, ["out"]],
    ["drops", `drops ${LOSSY}`, []],
  ])("of what %s says beside its answer: it goes on", async (name, command, left) => {
    const folder = path(`unheard ${name}`);
    mkdirSync(folder);
    const { stdout } = await bash(`$SKBTRACER ${command.replace(" -o out", ` -o "${folder}.heard"`)}`);
    // Nobody reads the pipe from the beginning.
    const unheard = await bash(`cd "${folder}"; exec 3> >(exec 3>&-); wait $!; $SKBTRACER ${command} 2>&3`);
    expect({ code: unheard.code, stdout: unheard.stdout }).toEqual({ code: 0, stdout });
    expect(readdirSync(folder)).toEqual(left);
  });

  test("of live tracing: a line, and no failure", async () => {
    const { stderr, stdout } = await bash(`
      ${FOREVER} > /dev/null & flood=$!
      ${code("$SKBTRACER --no-rules --duration 60s | head -n 3")}; kill $flood; wait`);
    expect(stdout).toMatch(/^code 0$/m);
    expect(stderr).toMatch(/^skbtracer: the reader of the output went away$/m);
    expect(stderr).not.toMatch(/ended early/);
    expectNoTrace(stderr);
  });

  test("of a recording: it is not whole, so that is a failure", async () => {
    const record = `$SKBTRACER record -o - --no-rules --duration 60s -- ${FLOOD}`;
    const { stderr, stdout } = await bash(code(`${record} | head -c 100 > /dev/null`));
    expect(stdout).toMatch(/^code 2$/m);
    expect(stderr).toMatch(
      /^skbtracer: (the recording ended early: )?cannot write to standard output: its reader went away$/m,
    );
    expectNoTrace(stderr);
  });
});
