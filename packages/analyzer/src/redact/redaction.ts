// Redacts a recording chunk by chunk: what is understood is written anew without what identifies, all else is left out.
import {
  type Chunk,
  ChunkType,
  CLOCK_PAYLOAD,
  dictionaryJson,
  encodeLostRecord,
  environmentJson,
  HeadReader,
  type LogWriter,
  LOST_PAYLOAD,
  parseJson,
  PERF_RECORD_LOST,
  PERF_RECORD_SAMPLE,
  readDictionary,
  readEnvironment,
  readGap,
  RECORD_LEFT_OUT,
  type RecordingReader,
  ROUND_PAYLOAD,
  soundRecords,
} from "@skbtracer/format";
import { Names } from "../event/names.js";
import { EventRedactor } from "./event-redactor.js";
import { HostRedactor, redactStats } from "./host-redactor.js";
import type { RedactionKey } from "./key.js";
import { Pseudonyms } from "./pseudonyms.js";
import { redactRules, type RuleCounts } from "./rules-redactor.js";

/** What a redacted recording says of itself. */
export const REDACTION_FACTS: readonly string[] = [
  "kept: times, CPUs, functions, verdicts, reasons, lengths, marks, VLAN ids, ports, sequence numbers, numbers of namespaces and interfaces, kernel release",
  "replaced: IP and MAC addresses, names of the host, of interfaces, namespaces, tables, chains and sets, process ids, kernel addresses, ids of tables and connections, returned numbers that can be addresses",
  "removed: payload, what is not understood of a packet, command line, filter expression, names of processes, comments, rules that are not understood",
];

/** What was done. */
export interface RedactionCounts {
  events: number;
  /** Bytes of packets, before and after. */
  packetBytes: { before: number; after: number };
  readonly rules: RuleCounts;
  /** Chunks of types that are not known. */
  unknownChunks: number;
}

/** Copied as they are, up to their size: numbers and times only. */
const PLAIN: ReadonlyMap<number, number> = new Map([
  [ChunkType.ROUND, ROUND_PAYLOAD.size],
  [ChunkType.LOST, LOST_PAYLOAD.size],
  [ChunkType.CLOCK, CLOCK_PAYLOAD.size],
]);

/** Of one recording, with one key. Give it as `copy` to a RecordingCopier. */
export class Redaction {
  readonly counts: RedactionCounts = {
    events: 0,
    packetBytes: { before: 0, after: 0 },
    rules: { kept: 0, removed: 0 },
    unknownChunks: 0,
  };
  readonly #pseudonyms: Pseudonyms;
  readonly #host: HostRedactor;
  #head: HeadReader | undefined;
  #events: EventRedactor | undefined;

  constructor(key: RedactionKey) {
    this.#pseudonyms = new Pseudonyms(key);
    this.#host = new HostRedactor(this.#pseudonyms, REDACTION_FACTS);
  }

  /** Writes what is left of a chunk. */
  copy(chunk: Chunk, log: LogWriter, source: RecordingReader): void {
    const { header, payload, offset } = chunk;
    const { type } = header;
    const plain = PLAIN.get(type);
    if (plain !== undefined) log.copy({ ...chunk, payload: payload.subarray(0, plain) });
    else if (type === ChunkType.RAW) this.#raw(chunk, log, source);
    else if (type === ChunkType.ENVIRONMENT) {
      const environment = readEnvironment(parseJson(payload), offset);
      this.#pseudonyms.setEntries(environment.probes.flatMap(({ address }) => address ?? []));
      log.json(type, environmentJson(this.#host.environment(environment)));
    } else if (type === ChunkType.DICTIONARY)
      log.json(type, dictionaryJson(this.#host.dictionary(readDictionary(parseJson(payload)))));
    else if (type === ChunkType.STATS) log.json(type, redactStats(parseJson(payload), this.#pseudonyms));
    else if (type === ChunkType.RULES)
      log.json(type, redactRules(parseJson(payload), this.#pseudonyms, this.counts.rules));
    else if (type === ChunkType.GAP)
      log.gap({ ...readGap(parseJson(payload)), reason: "a part was missing" });
    else if (type !== ChunkType.REPAIR) this.counts.unknownChunks++;
  }

  #raw({ header, payload }: Chunk, log: LogWriter, source: RecordingReader): void {
    if (!source.layout) return;
    this.#head ??= new HeadReader(source.layout);
    this.#events ??= this.#eventRedactor(this.#head, source);
    const records: Uint8Array[] = [];
    let events = 0;
    for (const { type, bytes, dataAt } of soundRecords(payload, this.#head)) {
      if (type === PERF_RECORD_SAMPLE) {
        const record = this.#events.redact(payload, dataAt);
        this.counts.packetBytes.before += bytes.length;
        this.counts.packetBytes.after += record.length;
        records.push(record);
        events++;
      } else if (type === PERF_RECORD_LOST) records.push(withoutId(bytes));
      else if (type === RECORD_LEFT_OUT) records.push(bytes);
    }
    this.counts.events += events;
    log.raw(records, events, header);
  }

  #eventRedactor(head: HeadReader, { environment, dictionary }: RecordingReader): EventRedactor {
    const functions = new Names(environment, dictionary);
    return new EventRedactor(head, this.#pseudonyms, (address) => functions.returnType(address));
  }
}

/** The id of the perf event says nothing to a reader. */
function withoutId(lost: Uint8Array): Uint8Array {
  const view = new DataView(lost.buffer, lost.byteOffset, lost.length);
  return encodeLostRecord(Number(view.getBigUint64(16, true)));
}

/** Why a recording ended, if that is one of the reasons that a recorder has. */
export function knownEndReason(reason: string | undefined): string | undefined {
  return reason === undefined || /^(?:signal|duration|count|command|torn|E[A-Z]{2,12})$/.test(reason)
    ? reason
    : "other";
}
