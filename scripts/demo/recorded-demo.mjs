// The demo where nothing can be recorded: a recording that came with the repository.
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { ROOT } from "../run-command.mjs";
import { heading, showRecording, suggest } from "./show-recording.mjs";

/** @returns {Promise<boolean>} whether there was one to show */
export async function recordedDemo() {
  const file = await findRecording();
  if (file === undefined) {
    console.log("There is no recording in fixtures/ to show instead.");
    return false;
  }
  console.log(`Here is one that was made on another machine: ${file}`);
  await showRecording(file, [
    { title: "A ping", args: ["-t", "--iptable", "--proto", "icmp", "-c", "16"] },
    {
      title: "Drops, and passes through iptables",
      args: ["-t", "--iptable", "--noroute", "--proto", "udp", "-c", "8"],
    },
  ]);
  heading("Go on");
  suggest([
    [`replay ${file} --iptable`, "every event of it"],
    ["doctor", "what this host lacks for recording"],
  ]);
  return true;
}

/** @returns {Promise<string | undefined>} of the newest format, relative to the repository */
async function findRecording() {
  const folder = join(ROOT, "fixtures");
  const versions = await readdir(folder).catch(() => /** @type {string[]} */ ([]));
  for (const version of versions
    .filter((name) => /^v\d+$/.test(name))
    .toSorted()
    .toReversed()) {
    const names = (await readdir(join(folder, version))).filter((one) => /veth.*\.skbt$/.test(one));
    // Of the newest kernel.
    const name = names.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
    if (name !== undefined) return join("fixtures", version, name);
  }
  return undefined;
}
