// Gives events their packet's bytes where the recorder has not repeated them: SKBT_F_SAME_BYTES of bpf/event.h.
import { AddressMap } from "./address-map.js";
import type { EventBatch, StoredBytes } from "./event-batch.js";
import { EventFlag, EventKind } from "./event-layout.generated.js";

/** Skbs whose bytes are remembered: twice what the recorder follows. More can only be a file that was made up. */
const SKBS_MAX = 262_144;

interface Remembered extends StoredBytes {
  view: DataView;
  start: number;
}

/**
 * Remembers the last bytes of each skb, as far as they have been seen, over the batches of a recording. An event names
 * the one whose bytes it has: where that one was lost, or another came since, its bytes are unknown, and never wrong.
 */
export class RepeatedBytes {
  readonly #last = new AddressMap<Remembered>();

  /** Takes the next batch, in the order of time. */
  resolve(batch: EventBatch): void {
    const flags = batch.narrow("flags");
    const kinds = batch.narrow("kind");
    const lengths = batch.narrow("capture_length");
    const skbs = batch.wideHalves("skb");
    const fresh: number[] = [];
    for (let i = 0; i < batch.length; i++) {
      const low = skbs[2 * i] ?? 0;
      const high = skbs[2 * i + 1] ?? 0;
      if (kinds[i] === EventKind.FREE) this.#last.delete(low, high);
      else if ((flags[i] ?? 0) & EventFlag.SAME_BYTES) {
        const bytes = this.#last.get(low, high);
        if (bytes && bytes.reference === batch.reference(i)) batch.repeatBytes(i, bytes);
      } else if (lengths[i]) {
        if (this.#last.size >= SKBS_MAX) this.#last.clear();
        this.#last.set(low, high, batch.storedBytes(i));
        fresh.push(i);
      }
    }
    for (const i of fresh) this.#detach(skbs[2 * i] ?? 0, skbs[2 * i + 1] ?? 0);
  }

  /** What outlives the batch is copied: a view would keep its whole chunk in memory. */
  #detach(low: number, high: number): void {
    const bytes = this.#last.get(low, high);
    if (!bytes || bytes.view.byteLength === bytes.length) return;
    const { buffer, byteOffset } = bytes.view;
    const from = byteOffset + bytes.start;
    bytes.view = new DataView(buffer.slice(from, from + bytes.length));
    bytes.start = 0;
  }
}
