// --keep where it cannot be done.
import { existsSync } from "node:fs";

import { expect, test } from "vitest";

import { skbtracer } from "./support/cli.js";
import { expectRefused } from "./support/refusal.js";
import { workspace } from "./support/workspace.js";

const path = workspace();
const hasKprobes = existsSync("/sys/bus/event_source/devices/kprobe/type");

test.skipIf(hasKprobes)("--keep is refused without kprobes, as ends of packets would be missed", async () => {
  expectRefused(await skbtracer("record", "-o", path("never"), "--keep"), /no kprobes.*--keep/);
  expect(existsSync(path("never"))).toBe(false);
});
