// Events that the rings cannot hold are counted, every one, and it is known where they are missing.
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";

import { expect, test } from "vitest";

import { CLI, info, type Info, skbtracer, start, until } from "./support/cli.js";
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
  const flags = ["-H", "10.91.0.2", "--buffer", "4096", "--no-rules", "--snaplen", "256"];
  const recorder = start(process.execPath, [CLI, "record", "-o", "-", ...flags]);
  const { stdout } = recorder.process;
  const file = createWriteStream(path("pipe"));
  stdout?.pipe(file);
  // It records once it writes, and is then not read from until the flood is over.
  await until(() => file.bytesWritten > 30_000);
  stdout?.unpipe(file);
  stdout?.pause();
  await a.run("ping -q -f -c 2000 10.91.0.2");
  stdout?.pipe(file);
  await delay(500);
  recorder.process.kill("SIGINT");
  expect(await recorder.ended).toMatchObject({ code: 0 });
  await finished(file);
  expectAllCounted(await info(path("pipe")));
});
