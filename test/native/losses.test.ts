// Events that the rings cannot hold are counted, every one, and it is known where they are missing.
import { existsSync, statSync, writeFileSync } from "node:fs";

import { expect, test } from "vitest";

import { bash, info, type Info, skbtracer, until } from "./support/cli.js";
import { eventsOf } from "./support/events.js";
import { network } from "./support/network.js";
import { workspace } from "./support/workspace.js";

const path = workspace();
const { a } = network();

function expectAllCounted({ events, lost, missing, stats, losses }: Info): void {
  expect(lost).toBeGreaterThan(0);
  expect(missing).toBe(0);
  expect(events + lost).toBe(stats?.counters.attempts);
  expect(lost).toBe(stats?.counters.failed);
  expect(losses.reduce((sum, { count }) => sum + count, 0)).toBe(lost);
}

test("of a flood on one CPU: on that CPU, where no event is", async () => {
  const file = path("flood");
  const flood = ["taskset", "-c", "1", ...a.command("ping -q -f -c 2000 10.91.0.2")];
  const flags = ["-H", "10.91.0.2", "--buffer", "4096", "--callstack", "--no-rules"];
  const result = await skbtracer("record", "-o", file, ...flags, "--", ...flood);
  expect(result.code).toBe(0);
  const details = await info(file);
  expectAllCounted(details);
  expect(result.stderr).toContain(`\n${details.lost} event(s) lost (the perf rings were full`);
  expect((await skbtracer("replay", "-c", "1", file)).code).toBe(0);
  expect((await skbtracer("replay", "--noroute", file)).stderr).toContain(
    `${details.lost} event(s) were lost`,
  );

  expect(new Set(details.losses.map(({ cpu }) => cpu))).toEqual(new Set([1]));
  const times = (await eventsOf(file)).map(({ since_start_ns }) => since_start_ns);
  let from = 0;
  for (const { after_ns, before_ns } of details.losses) {
    expect(after_ns).toBeGreaterThanOrEqual(from);
    expect(before_ns).toBeGreaterThanOrEqual(after_ns);
    expect(times.filter((time) => time > after_ns && time < before_ns)).toEqual([]);
    from = before_ns;
  }
});

test("also while the recorder waits for whoever reads its output, and nothing comes after them", async () => {
  const [file, go] = [path("pipe"), path("go")];
  const flags = "-H 10.91.0.2 --buffer 4096 --no-rules --snaplen 256 --duration 4s";
  // Reads the beginning, and the rest when the flood is over.
  const reader = `{ head -c 1000; until [ -e ${go} ]; do sleep 0.1; done; cat; } > ${file}`;
  const recording = bash(`set -o pipefail; $SKBTRACER record -o - ${flags} | ${reader}`);
  await until(() => existsSync(file) && statSync(file).size >= 1000);
  await a.run("ping -q -f -c 2000 10.91.0.2");
  writeFileSync(go, "");
  expect(await recording).toMatchObject({ code: 0 });
  expectAllCounted(await info(file));
});
