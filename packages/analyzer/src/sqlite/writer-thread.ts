// The thread that writes a database, while another reads the recording: the two take about the same time.
import { parentPort, workerData } from "node:worker_threads";
import { DatabaseWriter } from "./database-writer.js";
import type { Done, WriterFacts, WriterRequest } from "./writer-messages.js";

const writer = new DatabaseWriter(workerData as WriterFacts);

parentPort?.on("message", (request: WriterRequest) => {
  const error = writer.handle(request);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread has none
  parentPort?.postMessage((error === undefined ? {} : { error }) satisfies Done);
  // A commit that failed is followed by a rollback.
  if (request.kind === "rollback" || (request.kind === "commit" && error === undefined)) parentPort?.close();
});
