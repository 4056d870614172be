// A large recording out of a small real one: its events again and again, later each time, of other skbs, between other
// addresses. Usage: node bench/multiply.mjs SOURCE EVENTS OUT
import { randomFillSync } from "node:crypto";
import { closeSync, openSync, readFileSync, writevSync } from "node:fs";
import { pathToFileURL } from "node:url";

import {
  ChunkScanner,
  ChunkType,
  encodeRound,
  EventFlag,
  LogEncoder,
  RecordingReader,
} from "../packages/format/dist/index.js";
import { eventsOf } from "./perf-samples.mjs";

/** Between two repetitions, so that no path of one is in flight in the next. */
const PAUSE_NS = 1_000_000n;
/** As the recorder has it: a round says that all is there up to so long before it began. */
const ORDER_SLACK_NS = 100_000_000n;
/** Repetitions until addresses of skbs come again. Before that, each has a range of addresses of its own. */
const SKB_STEPS = 4096n;
const PAGE_SIZE = 4096n;
const NETWORKS = 200n;
/** A CPU's events between two rounds, roughly: what the busiest one's ring gives at its watermark. */
const CHUNK_EVENTS = 8192;
const ETHER_TYPE_IPV4 = 0x0800;
const IPV4_HEADER_SIZE = 20;
/** Third octets of the addresses in an IPv4 header. */
const SOURCE_NETWORK = 14;
const DESTINATION_NETWORK = 18;
/** Fields of tails that are addresses of skbs or heads. */
const ADDRESSES = new Set(["parent", "old_head", "into"]);

/** @typedef {import("../packages/format/dist/index.js").Chunk} Chunk */
/** @typedef {import("../packages/format/dist/index.js").EventLayout} EventLayout */

/**
 * One RAW chunk, and where in it its events begin.
 * @typedef {{ cpu: number, payload: Buffer, events: number[] }} Raw
 */

/**
 * Where fields stand that are changed, or needed for that, from an event's begin.
 * @typedef {object} Places
 * @property {(name: string) => number} head
 * @property {number} headSize
 * @property {ReadonlyMap<number, number>} tailSizes by kind
 * @property {ReadonlyMap<number, number>} addresses of the field that is an skb's or a head's, by kind
 */

/**
 * @param {EventLayout} layout
 * @returns {Places}
 */
function placesIn(layout) {
  const offsets = new Map(layout.head.fields.map(({ name, offset }) => [name, offset]));
  return {
    head: (name) => {
      const offset = offsets.get(name);
      if (offset === undefined) throw new Error(`the source's events have no ${name}`);
      return offset;
    },
    headSize: layout.head.size,
    tailSizes: new Map(layout.kinds.map(({ kind, tail }) => [kind, tail.size])),
    addresses: new Map(
      layout.kinds.flatMap(({ kind, tail }) =>
        tail.fields
          .filter(({ name }) => ADDRESSES.has(name))
          .map(({ offset }) => [kind, layout.head.size + offset]),
      ),
    ),
  };
}

/** @param {Buffer} bytes of a whole recording */
function takeApart(bytes) {
  const reader = new RecordingReader({ mode: "strict" });
  for (const batches of [reader.push(bytes), reader.end()]) for (const batch of batches) void batch;
  const { environment, fileHeader } = reader;
  // What was lost would be lost again in each repetition, and had to be in its counters.
  if (!environment || !fileHeader || reader.lost > 0) throw new Error("the source is not whole");
  const scanner = new ChunkScanner("strict");
  const chunks = [...scanner.push(bytes), ...scanner.end()];
  const raws = chunks
    .filter(({ header }) => header.type === ChunkType.RAW)
    .map(({ header, payload }) => ({
      cpu: header.cpu,
      payload: Buffer.from(payload),
      events: eventsOf(payload),
    }));
  return { fileHeader, chunks, raws, places: placesIn(environment.layout) };
}

/**
 * @param {readonly Chunk[]} chunks
 * @returns {object} all that the source's dictionaries name
 */
function dictionaryOf(chunks) {
  const parts = chunks
    .filter(({ header }) => header.type === ChunkType.DICTIONARY)
    .map(({ payload }) => JSON.parse(Buffer.from(payload).toString()));
  const all = (/** @type {string} */ name) => parts.flatMap((part) => part[name] ?? []);
  return { symbols: all("symbols"), stacks: all("stacks"), devices: all("devices") };
}

/**
 * Values of 64-bit fields of all events, but for zeros: those say that there is none.
 * @param {readonly Raw[]} raws
 * @param {readonly number[]} fields offsets in an event
 */
function rangeOf(raws, fields) {
  const values = raws
    .flatMap(({ payload, events }) =>
      events.flatMap((event) => fields.map((field) => payload.readBigUInt64LE(event + field))),
    )
    .filter((value) => value !== 0n);
  if (values.length === 0) throw new Error("the source has no events");
  return { least: values.reduce((a, b) => (a < b ? a : b)), most: values.reduce((a, b) => (a > b ? a : b)) };
}

/**
 * Moves a repetition's events on by a time, to other skbs and networks.
 * @param {Raw} raw
 * @param {Places} places
 * @param {{ ns: bigint, skb: bigint, network: number }} step
 */
function move({ payload, events }, places, { ns, skb, network }) {
  const [time, skbAt, headAt] = [places.head("time_ns"), places.head("skb"), places.head("head")];
  const [kindAt, flagsAt] = [places.head("kind"), places.head("flags")];
  const [protocolAt, networkAt] = [places.head("protocol"), places.head("network_header")];
  const [captureAt, captureLengthAt] = [places.head("capture_offset"), places.head("capture_length")];
  const add = (/** @type {number} */ where, /** @type {bigint} */ value) => {
    const before = payload.readBigUInt64LE(where);
    if (before !== 0n) payload.writeBigUInt64LE(before + value, where);
  };
  for (const event of events) {
    const kind = payload.readUInt8(event + kindAt);
    add(event + time, ns);
    add(event + skbAt, skb);
    add(event + headAt, skb);
    const other = places.addresses.get(kind);
    if (other !== undefined) add(event + other, skb);
    const bytes = event + places.headSize + (places.tailSizes.get(kind) ?? 0);
    if (payload.readUInt16LE(event + flagsAt) & EventFlag.SAME_BYTES) {
      const reference = BigInt(payload.readUInt32LE(bytes)) + ns;
      payload.writeUInt32LE(Number(BigInt.asUintN(32, reference)), bytes);
    }
    if (payload.readUInt16LE(event + protocolAt) !== ETHER_TYPE_IPV4) continue;
    const ip = payload.readUInt16LE(event + networkAt) - payload.readUInt16LE(event + captureAt);
    if (ip < 0 || ip + IPV4_HEADER_SIZE > payload.readUInt16LE(event + captureLengthAt)) continue;
    payload[bytes + ip + SOURCE_NETWORK] = network;
    payload[bytes + ip + DESTINATION_NETWORK] = network;
  }
}

/** @param {number} file */
function writerTo(file) {
  return (/** @type {Uint8Array[]} */ spans) => {
    const size = spans.reduce((sum, span) => sum + span.length, 0);
    // What a full disk has taken in part would be a damaged recording.
    if (writevSync(file, spans) !== size) throw new Error("no room for the recording");
  };
}

/**
 * Writes a recording of at least `count` events.
 * @param {string} source a recording without losses
 * @param {number} count
 * @param {string} path is written over
 * @param {{ chunkEvents?: number }} [options] a CPU's events between two rounds, roughly; 1: a round after each repetition
 * @returns {number} events
 */
export function multiply(source, count, path, { chunkEvents = CHUNK_EVENTS } = {}) {
  const { fileHeader, chunks, raws, places } = takeApart(readFileSync(source));
  const { startNs } = fileHeader;
  const times = rangeOf(raws, [places.head("time_ns")]);
  const addresses = rangeOf(raws, [places.head("skb"), places.head("head")]);
  const stepNs = times.most - times.least + PAUSE_NS;
  const stepSkb = ((addresses.most - addresses.least) / PAGE_SIZE + 2n) * PAGE_SIZE;
  const perRepetition = raws.reduce((sum, { events }) => sum + events.length, 0);
  const cpus = new Set(raws.map(({ cpu }) => cpu));
  const perBusiest = Math.max(
    ...[...cpus].map((cpu) => raws.reduce((sum, raw) => sum + (raw.cpu === cpu ? raw.events.length : 0), 0)),
  );
  const together = Math.max(1, Math.floor(chunkEvents / perBusiest));

  const file = openSync(path, "w", 0o600);
  try {
    const write = writerTo(file);
    const encoder = new LogEncoder(randomFillSync(new Uint8Array(16)), fileHeader.layoutId, startNs);
    write([encoder.fileHeader()]);
    for (const type of [ChunkType.ENVIRONMENT, ChunkType.CLOCK]) {
      const chunk = chunks.find(({ header }) => header.type === type);
      if (chunk) write(encoder.chunk(type, [chunk.payload], chunk.header));
    }
    write(encoder.json(ChunkType.DICTIONARY, dictionaryOf(chunks)));
    let events = 0;
    let repetition = 0n;
    let firstNs = startNs;
    while (events < count) {
      const payloads = new Map([...cpus].map((cpu) => [cpu, /** @type {Buffer[]} */ ([])]));
      for (let i = 0; i < together && events < count; i++, repetition++) {
        for (const { cpu, payload } of raws) payloads.get(cpu)?.push(Buffer.from(payload));
        events += perRepetition;
        const isLast = repetition % SKB_STEPS === SKB_STEPS - 1n;
        const skb = stepSkb * (isLast ? 1n - SKB_STEPS : 1n);
        for (const raw of raws)
          move(raw, places, { ns: stepNs, skb, network: Number(repetition % NETWORKS) });
      }
      const lastNs = times.most + stepNs * (repetition - 1n) + 1n;
      for (const [cpu, spans] of payloads)
        write(encoder.chunk(ChunkType.RAW, spans, { cpu, firstNs, lastNs }));
      const round = { startedNs: lastNs + ORDER_SLACK_NS, safeNs: lastNs };
      write(encoder.chunk(ChunkType.ROUND, [encodeRound(round)]));
      firstNs = lastNs;
    }
    const atNs = Number(firstNs + ORDER_SLACK_NS - startNs);
    write(encoder.json(ChunkType.END, { reason: "duration", atNs, attempts: events, failed: 0 }));
    return events;
  } finally {
    closeSync(file);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [source, count, path] = process.argv.slice(2);
  if (source === undefined || path === undefined || !(Number(count) > 0)) {
    console.error("usage: node bench/multiply.mjs SOURCE EVENTS OUT");
    process.exitCode = 2;
  } else console.log(`${multiply(source, Number(count), path)} events`);
}
