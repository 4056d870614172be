// Records as `skbtracer record` does, but only the functions that pwru is given too (with the ends, the clones and the
// drops of packets, which are always recorded). Usage: node record-ten.mjs OUTPUT; Ctrl-C ends it.
import { openFileSink, startRecording } from "@skbtracer/recorder";

import { FUNCTIONS } from "./functions.mjs";

const [path = ""] = process.argv.slice(2);
const recording = await startRecording({
  sink: openFileSink(path, { force: true }),
  version: "bench",
  commandLine: process.argv.slice(2),
  filter: { family: 0, address: new Uint8Array(16), port: 0, protocol: 0, icmpId: -1, pid: 0, netns: 0 },
  sights: true,
  probes: FUNCTIONS,
  tables: false,
  callstack: false,
  dropstack: false,
  keep: false,
  rules: false,
});
process.on("SIGINT", () => recording.stop("SIGINT"));
const { events, lost } = await recording.done;
console.error(`${events} events, ${lost} lost`);
