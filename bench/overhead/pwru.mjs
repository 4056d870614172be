// pwru, another packet tracer, as Debian sid packages it: downloaded and unpacked, never installed.
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { archiveUri, PrivateApt } from "../../test/vm/harness/apt.mjs";
import { buildOnce, cacheFolder } from "../../test/vm/harness/cache.mjs";
import { run } from "../../test/vm/harness/command.mjs";
import { ownSuite } from "../../test/vm/harness/kernels.mjs";

/** @returns {Promise<{ program: string, version: string }>} */
export async function preparePwru() {
  const folder = await buildOnce(join(cacheFolder(), "pwru"), async (unfinished) => {
    const uri = await archiveUri(await ownSuite());
    if (!uri) throw new Error("no Debian archive in the apt sources of this machine");
    const apt = await PrivateApt.open(join(unfinished, "apt"), uri, "sid");
    const { version } = await apt.show("pwru");
    for (const deb of await apt.download(["pwru"]))
      await run("dpkg-deb", ["-x", deb, join(unfinished, "root")]);
    await writeFile(join(unfinished, "version"), version);
    await rm(join(unfinished, "apt"), { recursive: true });
  });
  return {
    program: join(folder, "root/usr/bin/pwru"),
    version: await readFile(join(folder, "version"), "utf8"),
  };
}
