// The encoding thread.
import { parentPort, workerData } from "node:worker_threads";
import { type EncodedFormat, type Encoder, openEncoder } from "./encoder.js";
import type { Encoded, EncoderRequest } from "./encoder-thread.js";

const encoders = new Map<number, Encoder>();
let before = Promise.resolve();

parentPort?.on("message", (request: EncoderRequest) => {
  before = before.then(() => answer(request));
});

async function answer({ encoder: id, table, rows }: EncoderRequest): Promise<void> {
  try {
    const encoder = encoders.get(id) ?? (await openEncoder(workerData as EncodedFormat, table));
    encoders.set(id, encoder);
    const bytes = await (rows ? encoder.encode(rows) : encoder.end());
    if (!rows) encoders.delete(id);
    send({ bytes }, [bytes.buffer]);
  } catch (error) {
    send({ error: error instanceof Error ? error.message : String(error) }, []);
  }
}

function send(answered: Encoded, memory: ArrayBuffer[]): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread has none
  parentPort?.postMessage(answered, memory);
}
