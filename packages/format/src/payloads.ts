// The binary payloads of small chunks: ROUND, LOST, CLOCK, INDEX. docs/format.md, "Chunk types".

/** ROUND: all CPUs were drained up to here. 16 bytes. */
export const ROUND_PAYLOAD = { startedNs: 0, safeNs: 8, size: 16 } as const;

/** LOST: events that a CPU's ring refused. 32 bytes. */
export const LOST_PAYLOAD = { fromNs: 0, toNs: 8, count: 16, total: 24, size: 32 } as const;

/** CLOCK: one moment by four clocks. 32 bytes. */
export const CLOCK_PAYLOAD = { monotonicNs: 0, realtimeNs: 8, boottimeNs: 16, taiNs: 24, size: 32 } as const;

/** INDEX: entries of 32 bytes. */
export const INDEX_ENTRY = {
  offset: 0,
  type: 8,
  cpu: 10,
  reserved: 12,
  firstNs: 16,
  lastNs: 24,
  size: 32,
} as const;

/** ROUND: when the round's drain began, and a time before which no more events are to be expected. CLOCK_MONOTONIC ns. */
export interface Round {
  readonly startedNs: bigint;
  readonly safeNs: bigint;
}

/** LOST: `count` events refused between two times, `total` since the recording began. */
export interface Lost {
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly count: bigint;
  readonly total: bigint;
}

/** CLOCK: one moment by four clocks, each in ns. */
export interface ClockSample {
  readonly monotonicNs: bigint;
  readonly realtimeNs: bigint;
  readonly boottimeNs: bigint;
  readonly taiNs: bigint;
}

/** INDEX: where a chunk is. */
export interface IndexEntry {
  readonly offset: number;
  readonly type: number;
  readonly cpu: number;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

export function encodeRound(round: Round): Uint8Array {
  return words(round.startedNs, round.safeNs);
}

/** @returns undefined if the payload is too short to be one */
export function decodeRound(payload: Uint8Array): Round | undefined {
  if (payload.length < ROUND_PAYLOAD.size) return undefined;
  return { startedNs: word(payload, ROUND_PAYLOAD.startedNs), safeNs: word(payload, ROUND_PAYLOAD.safeNs) };
}

export function encodeLost(lost: Lost): Uint8Array {
  return words(lost.fromNs, lost.toNs, lost.count, lost.total);
}

/** @returns undefined if the payload is too short to be one */
export function decodeLost(payload: Uint8Array): Lost | undefined {
  if (payload.length < LOST_PAYLOAD.size) return undefined;
  return {
    fromNs: word(payload, LOST_PAYLOAD.fromNs),
    toNs: word(payload, LOST_PAYLOAD.toNs),
    count: word(payload, LOST_PAYLOAD.count),
    total: word(payload, LOST_PAYLOAD.total),
  };
}

export function encodeClock(clock: ClockSample): Uint8Array {
  return words(clock.monotonicNs, clock.realtimeNs, clock.boottimeNs, clock.taiNs);
}

/** @returns undefined if the payload is too short to be one */
export function decodeClock(payload: Uint8Array): ClockSample | undefined {
  if (payload.length < CLOCK_PAYLOAD.size) return undefined;
  return {
    monotonicNs: word(payload, CLOCK_PAYLOAD.monotonicNs),
    realtimeNs: word(payload, CLOCK_PAYLOAD.realtimeNs),
    boottimeNs: word(payload, CLOCK_PAYLOAD.boottimeNs),
    taiNs: word(payload, CLOCK_PAYLOAD.taiNs),
  };
}

export function encodeIndex(entries: readonly IndexEntry[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * INDEX_ENTRY.size);
  const view = new DataView(bytes.buffer);
  entries.forEach((entry, i) => {
    const at = i * INDEX_ENTRY.size;
    view.setBigUint64(at + INDEX_ENTRY.offset, BigInt(entry.offset), true);
    view.setUint16(at + INDEX_ENTRY.type, entry.type, true);
    view.setUint16(at + INDEX_ENTRY.cpu, entry.cpu, true);
    view.setBigUint64(at + INDEX_ENTRY.firstNs, entry.firstNs, true);
    view.setBigUint64(at + INDEX_ENTRY.lastNs, entry.lastNs, true);
  });
  return bytes;
}

export function decodeIndex(payload: Uint8Array): IndexEntry[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return Array.from({ length: Math.floor(payload.length / INDEX_ENTRY.size) }, (_, i) => {
    const at = i * INDEX_ENTRY.size;
    return {
      offset: Number(view.getBigUint64(at + INDEX_ENTRY.offset, true)),
      type: view.getUint16(at + INDEX_ENTRY.type, true),
      cpu: view.getUint16(at + INDEX_ENTRY.cpu, true),
      firstNs: view.getBigUint64(at + INDEX_ENTRY.firstNs, true),
      lastNs: view.getBigUint64(at + INDEX_ENTRY.lastNs, true),
    };
  });
}

function words(...values: bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values).buffer);
}

function word(payload: Uint8Array, at: number): bigint {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getBigUint64(at, true);
}
