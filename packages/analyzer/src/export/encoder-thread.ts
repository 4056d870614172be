// Encoding in a thread of its own: it takes about as long as finding out what there is to encode.
import { Worker } from "node:worker_threads";
import type { TableName } from "../tables/schema.js";
import { type EncodedFormat, type Encoder, openEncoder } from "./encoder.js";
import { rowsMemory, type TakenRows } from "./row-buffer.js";

type Bytes = Uint8Array<ArrayBuffer>;

/** Rows for an encoder, or its end if there are none. Each is answered by `Encoded`, in order. */
export interface EncoderRequest {
  /** Number of the encoder: one for each file. */
  readonly encoder: number;
  readonly table: TableName;
  readonly rows: TakenRows | undefined;
}

/** From the thread. */
export type Encoded = { readonly bytes: Bytes } | { readonly error: string };

/** A thread for the encoders of one format. It begins when one of them is given rows while more are to come. */
export class EncoderThread {
  readonly #format: EncodedFormat;
  readonly #waiting: { resolve: (bytes: Bytes) => void; reject: (error: Error) => void }[] = [];
  #worker: Worker | undefined;
  #encoders = 0;

  constructor(format: EncodedFormat) {
    this.#format = format;
  }

  /** An encoder of a file. */
  encoder(table: TableName): Encoder {
    const encoder = ++this.#encoders;
    let isBegun = false;
    return {
      encode: (rows) => {
        isBegun = true;
        return this.#ask({ encoder, table, rows }, rowsMemory(rows));
      },
      end: async () => {
        if (isBegun) return this.#ask({ encoder, table, rows: undefined }, []);
        return (await openEncoder(this.#format, table)).end();
      },
    };
  }

  #start(): Worker {
    const worker = new Worker(new URL("./encoder-main.js", import.meta.url), { workerData: this.#format });
    worker.on("message", (answer: Encoded) => {
      const first = this.#waiting.shift();
      if ("error" in answer) first?.reject(new Error(answer.error));
      else first?.resolve(answer.bytes);
    });
    worker.on("error", (error: Error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
    return worker;
  }

  #ask(request: EncoderRequest, memory: readonly ArrayBuffer[]): Promise<Bytes> {
    const worker = (this.#worker ??= this.#start());
    // What waits keeps the process alive; a thread that has nothing to do does not.
    worker.ref();
    return new Promise<Bytes>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      worker.postMessage(request, memory);
    }).finally(() => {
      if (this.#waiting.length === 0) worker.unref();
    });
  }
}
