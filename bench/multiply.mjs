// A large recording out of a small real one: its events again and again, later each time, of other skbs, between other
// addresses. Usage: node bench/multiply.mjs SOURCE EVENTS OUT
import { closeSync, openSync, readFileSync, writevSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { randomFillSync } from "node:crypto";

import {
  ChunkScanner,
  ChunkType,
  encodeClock,
  encodeRound,
  EVENT_LAYOUT,
  EventKind,
  LogEncoder,
  layoutId,
} from "../packages/format/dist/index.js";

/** Between two repetitions, so that no path of one is in flight in the next. */
const PAUSE_NS = 1_000_000n;
/** Addresses of skbs move by this: more than a recording's span of them is not needed, as all have ended. */
const SKB_STEP = 0x100n;
const SKB_STEPS = 4096n;
const NETWORKS = 200;
/** Events of a chunk, roughly: what a busy CPU's ring gives at its watermark. */
const CHUNK_EVENTS = 8192;
const ETHER_TYPE_IPV4 = 0x0800;

const HEAD = Object.fromEntries(EVENT_LAYOUT.head.fields.map(({ name, offset }) => [name, offset]));
const at = (/** @type {string} */ name) => HEAD[name] ?? 0;
const CLONE_PARENT = EVENT_LAYOUT.head.size;
const PERF_RECORD_SAMPLE = 9;

/** @typedef {{ cpu: number, payload: Buffer, events: number[] }} Raw */

/**
 * @param {Buffer} bytes of a recording with the current layout
 */
function takeApart(bytes) {
  const scanner = new ChunkScanner("strict");
  /** @type {import("../packages/format/dist/index.js").Chunk[]} */
  const before = [];
  /** @type {Raw[]} */
  const raws = [];
  for (const chunk of [...scanner.push(bytes), ...scanner.end()]) {
    const { type, cpu } = chunk.header;
    if (type === ChunkType.RAW)
      raws.push({ cpu, payload: Buffer.from(chunk.payload), events: eventsIn(chunk.payload) });
    else if (type === ChunkType.ENVIRONMENT || type === ChunkType.DICTIONARY) before.push(chunk);
  }
  return { header: scanner.fileHeader, before, raws };
}

/**
 * @param {Uint8Array} payload
 * @returns {number[]} offsets of the events
 */
function eventsIn(payload) {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const offsets = [];
  for (let i = 0; i + 8 <= payload.length; i += view.getUint16(i + 6, true))
    if (view.getUint32(i, true) === PERF_RECORD_SAMPLE) offsets.push(i + 12);
  return offsets;
}

/**
 * Moves a repetition's events on by a time, to other skbs and networks.
 * @param {Raw} raw
 * @param {{ ns: bigint, skb: bigint, network: number }} step
 */
function move({ payload, events }, { ns, skb, network }) {
  for (const event of events) {
    const add = (/** @type {number} */ where, /** @type {bigint} */ value) =>
      void payload.writeBigUInt64LE(payload.readBigUInt64LE(where) + value, where);
    add(event + at("time_ns"), ns);
    add(event + at("skb"), skb);
    add(event + at("head"), skb);
    const kind = payload[event + at("kind")];
    if (kind === EventKind.CLONE) add(event + CLONE_PARENT, skb);
    if (payload.readUInt16LE(event + at("protocol")) !== ETHER_TYPE_IPV4) continue;
    const tail = EVENT_LAYOUT.kinds.find((one) => one.kind === kind)?.tail.size ?? 0;
    const start = event + EVENT_LAYOUT.head.size + tail;
    const ip =
      payload.readUInt16LE(event + at("network_header")) - payload.readUInt16LE(event + at("capture_offset"));
    if (ip < 0 || ip + 20 > payload.readUInt16LE(event + at("capture_length"))) continue;
    payload[start + ip + 14] = network;
    payload[start + ip + 18] = network;
  }
}

/**
 * @param {Raw} raw
 * @returns {bigint[]}
 */
const timesOf = ({ payload, events }) =>
  events.map((event) => payload.readBigUInt64LE(event + at("time_ns")));

/**
 * Writes a recording of at least `count` events.
 * @param {string} source
 * @param {number} count
 * @param {string} path is written over
 * @returns {number} events
 */
export function multiply(source, count, path) {
  const { header, before, raws } = takeApart(readFileSync(source));
  const perRound = raws.reduce((sum, { events }) => sum + events.length, 0);
  const times = raws.flatMap(timesOf);
  const first = times.reduce((a, b) => (a < b ? a : b));
  const last = times.reduce((a, b) => (a > b ? a : b));
  const step = last - first + PAUSE_NS;
  const startNs = header?.startNs ?? 0n;
  const encoder = new LogEncoder(randomFillSync(new Uint8Array(16)), layoutId(EVENT_LAYOUT), startNs);
  const out = openSync(path, "w", 0o600);
  const write = (/** @type {Uint8Array[]} */ spans) => void writevSync(out, spans);
  write([encoder.fileHeader()]);
  for (const { header: chunk, payload } of before) write(encoder.chunk(chunk.type, [payload], chunk));
  const clock = {
    monotonicNs: startNs,
    realtimeNs: 1_795_445_607_000_000_000n,
    boottimeNs: startNs,
    taiNs: startNs,
  };
  write(encoder.chunk(ChunkType.CLOCK, [encodeClock(clock)]));
  let events = 0;
  let round = 0n;
  const together = Math.max(1, Math.floor((CHUNK_EVENTS * raws.length) / perRound));
  while (events < count) {
    /** @type {Map<number, Buffer[]>} */
    const payloads = new Map();
    for (let i = 0; i < together && events < count; i++, round++) {
      for (const { cpu, payload } of raws)
        payloads.set(cpu, [...(payloads.get(cpu) ?? []), Buffer.from(payload)]);
      events += perRound;
      const back = round % SKB_STEPS === SKB_STEPS - 1n;
      const skb = SKB_STEP * (back ? 1n - SKB_STEPS : 1n);
      for (const raw of raws) move(raw, { ns: step, skb, network: Number(round % BigInt(NETWORKS)) });
    }
    for (const [cpu, spans] of payloads) write(encoder.chunk(ChunkType.RAW, spans, { cpu }));
    const safeNs = last + step * (round - 1n) + 1n;
    write(encoder.chunk(ChunkType.ROUND, [encodeRound({ startedNs: safeNs, safeNs })]));
  }
  const atNs = Number(last - startNs + step * round);
  write(encoder.json(ChunkType.END, { reason: "duration", atNs, attempts: events, failed: 0 }));
  closeSync(out);
  return events;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [source = "", count = "", path = ""] = process.argv.slice(2);
  console.log(`${multiply(source, Number(count), path)} events`);
}
