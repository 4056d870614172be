// The sets of --probes, for --help.
import { PROBE_SETS } from "@skbtracer/recorder";

/** A line for each. */
export const PROBE_SETS_HELP: string = [
  "Sets:",
  ...PROBE_SETS.map(({ name, meaning }) => `  ${name.padEnd(10)} ${meaning}`),
].join("\n");
