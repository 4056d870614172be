// What the BPF program captured of one skb: the dissector's input.

/**
 * Header bytes of an skb, with the skb's own header offsets made relative to `bytes`.
 * Offsets come from the kernel as they were: they may be stale, negative or beyond the end.
 */
export interface Capture {
  /** Captured header bytes; may be cut (snaplen) or empty. */
  readonly bytes: Uint8Array;
  /** Offset of the mac header, or -1 if unset or not in the capture. */
  readonly mac: number;
  /** Offset of skb->network_header, or -1. */
  readonly network: number;
  /** Offset of skb->transport_header, or -1. Not used to find layer 4: that is walked from layer 3. */
  readonly transport: number;
  /** Offset of skb->data; may be negative or beyond the end. */
  readonly data: number;
  /** skb->protocol in host order, 0 if unset. */
  readonly protocol: number;
}

/** Where a capture's headers stand in a larger memory, to be read there. */
export interface HeaderPlace {
  view: DataView;
  /** Offset of the network header in `view`, or -1. */
  network: number;
  /** Offset behind the last captured byte. */
  end: number;
  /** skb->protocol in host order, 0 if unset. */
  protocol: number;
}
