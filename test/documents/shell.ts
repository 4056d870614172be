// Runs the commands of a document, in a folder with the recordings that it speaks of.
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll } from "vitest";

const run = promisify(execFile);
const FIXTURES = fileURLToPath(new URL("../../fixtures/v1", import.meta.url));
const CLI = fileURLToPath(new URL("../../packages/cli/bin/skbtracer.js", import.meta.url));

/** What documents call the recordings. */
const RECORDINGS = {
  "trace.skbt": "veth-6.1.skbt",
  "bridge.skbt": "bridge-6.1.skbt",
  "old.skbt": "veth-5.10.skbt",
  "new.skbt": "veth-6.12.skbt",
  "newest.skbt": "veth-7.2.skbt",
};

/** A folder, there from before the first to after the last test of a file. */
export interface DocumentShell {
  readonly folder: string;
  /** What the commands behind `$ ` print on standard output; lines behind `> ` continue them. */
  readonly shell: (source: string) => Promise<string>;
}

/** Makes one. */
export function documentShell(): DocumentShell {
  const root = mkdtempSync(join(tmpdir(), "skbtracer-document-"));
  const folder = join(root, "empty");
  beforeAll(() => {
    mkdirSync(join(root, "bin"));
    mkdirSync(folder);
    symlinkSync(CLI, join(root, "bin/skbtracer"));
    for (const [name, fixture] of Object.entries(RECORDINGS))
      copyFileSync(join(FIXTURES, fixture), join(folder, name));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const env = {
    ...process.env,
    PATH: `${join(root, "bin")}${delimiter}${process.env["PATH"] ?? ""}`,
    TZ: "UTC",
    LC_ALL: "C.UTF-8",
  };
  return {
    folder,
    shell: async (source) => {
      const script = source.replaceAll(/^[$>] /gm, "");
      const { stdout } = await run("bash", ["-eu", "-o", "pipefail", "-c", script], { cwd: folder, env });
      return stdout;
    },
  };
}
