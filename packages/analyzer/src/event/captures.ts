// What the events of a batch captured of their packets.
import type { EventBatch, NumberArray } from "@skbtracer/format";
import type { Capture, HeaderPlace } from "../dissect/capture.js";

const OFFSET_UNSET = 0xffff;

/** The captures of one batch. */
export class Captures {
  readonly #batch: EventBatch;
  readonly #starts: NumberArray;
  readonly #macs: NumberArray;
  readonly #networks: NumberArray;
  readonly #transports: NumberArray;
  readonly #datas: NumberArray;
  readonly #protocols: NumberArray;

  constructor(batch: EventBatch) {
    this.#batch = batch;
    this.#starts = batch.narrow("capture_offset");
    this.#macs = batch.narrow("mac_header");
    this.#networks = batch.narrow("network_header");
    this.#transports = batch.narrow("transport_header");
    this.#datas = batch.narrow("data_offset");
    this.#protocols = batch.narrow("protocol");
  }

  /** The captured bytes of event `i`, with the skb's header offsets relative to them. */
  of(i: number): Capture {
    const bytes = this.#batch.captured(i);
    const start = this.#starts[i] ?? 0;
    return {
      bytes,
      mac: placeOf(this.#macs[i] ?? OFFSET_UNSET, start, bytes.length),
      network: this.#network(i, start, bytes.length),
      transport: placeOf(this.#transports[i] ?? OFFSET_UNSET, start, bytes.length),
      data: (this.#datas[i] ?? 0) - start,
      protocol: this.#protocols[i] ?? 0,
    };
  }

  /** Where the captured headers of event `i` stand, written into `place`: nothing is made for it. */
  locate(i: number, place: HeaderPlace): void {
    const length = this.#batch.captureLength(i);
    const first = this.#batch.captureStart(i);
    const network = this.#network(i, this.#starts[i] ?? 0, length);
    place.view = this.#batch.viewOf(i);
    place.network = network < 0 ? -1 : first + network;
    place.end = first + length;
    place.protocol = this.#protocols[i] ?? 0;
  }

  #network(i: number, start: number, length: number): number {
    const offset = this.#networks[i] ?? 0;
    return offset === 0 ? -1 : placeOf(offset, start, length);
  }
}

/** An offset from skb->head as one in the captured bytes; -1 if it is unset or not among them. */
function placeOf(offset: number, start: number, length: number): number {
  if (offset === OFFSET_UNSET) return -1;
  const place = offset - start;
  return place >= 0 && place <= length ? place : -1;
}
