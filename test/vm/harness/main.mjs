// For developers: runs a script on a suite's kernel. node test/vm/harness/main.mjs <suite> <script> [out-folder]
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { KERNELS, KernelUnavailable, prepareKernel } from "./kernels.mjs";
import { runInVm, VmFailed } from "./vm.mjs";

const [suite, script, folder] = process.argv.slice(2);
if (!suite || !script) {
  const suites = KERNELS.map((row) => `${row.suite} (${row.line})`).join(", ");
  console.error(`usage: node test/vm/harness/main.mjs <suite> <script> [out-folder]\nsuites: ${suites}`);
  process.exit(2);
}

try {
  const kernel = await prepareKernel(suite);
  const out = folder ?? (await mkdtemp(join(tmpdir(), "skbtracer-vm-")));
  const result = await runInVm({ kernel, script, out });
  process.stdout.write(result.console);
  if (result.oops) console.error(`kernel bug: ${result.oops}`);
  console.error(`status ${result.status}, ${result.seconds.toFixed(1)} s, output in ${out}`);
  process.exitCode = result.status;
} catch (error) {
  if (!(error instanceof KernelUnavailable || error instanceof VmFailed)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
