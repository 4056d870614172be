// The log of skbtracer: its layout, a writer and a reader. Pure: bytes in, values out, no files and no clock.
export * from "./errors.js";
export { AddressMap } from "./address-map.js";
export { crcOf } from "./crc.js";
export {
  decodeFileHeader,
  FILE_HEADER_SIZE,
  FILE_MAGIC,
  type FileHeader,
  FORMAT_VERSION_MAJOR,
  FORMAT_VERSION_MINOR,
  uuidText,
} from "./file-header.js";
export {
  CHUNK_HEADER_SIZE,
  CHUNK_TRAILER_SIZE,
  ChunkType,
  chunkSize,
  chunkTypeName,
  NO_CPU,
} from "./chunk.js";
export { type Chunk, ChunkScanner, type Damage, type ReadMode } from "./chunk-scanner.js";
export { type EventKindName, kindName } from "./event-kind.js";
export { CloneHow, EVENT_LAYOUT, EventFlag, EventKind } from "./event-layout.generated.js";
export {
  checkLayout,
  type EventLayout,
  type Field,
  type Kind,
  layoutId,
  type Struct,
} from "./event-layout.js";
export {
  EventBatch,
  type NarrowField,
  type NumberArray,
  type StoredBytes,
  type WideField,
} from "./event-batch.js";
export {
  type DropReasons,
  type Environment,
  environmentJson,
  type Host,
  type Interface,
  type NamedValue,
  type Namespace,
  type Origin,
  PROBE_EVENTS,
  PROBE_TYPES,
  type Probe,
  type ProbeEvent,
  readEnvironment,
} from "./environment.js";
export {
  type CodeSymbol,
  type DeviceName,
  Dictionary,
  type DictionaryEntries,
  dictionaryJson,
  readDictionary,
  type Stack,
  type TableChain,
} from "./dictionary.js";
export {
  type AddressCount,
  type Cost,
  missedHits,
  type Miss,
  type ProgramCost,
  readAddressCounts,
  readCost,
  readRecorderCost,
  type RecorderCost,
} from "./cost.js";
export {
  CLASSIC_MEMORY_WORDS,
  CLASSIC_RETURN_A,
  CLASSIC_SOURCE_X,
  CLASSIC_TXA,
  ClassicAlu,
  ClassicClass,
  type ClassicInstruction,
  ClassicJump,
  classicLoadBytes,
  ClassicMode,
  type ClassicProgram,
  ClassicSize,
} from "./classic-bpf.js";
export { type End } from "./end.js";
export { fileProblem } from "./file-problems.js";
export { type Loss } from "./loss-ledger.js";
export { type ChunkFacts, LogEncoder } from "./log-encoder.js";
export { LogWriter } from "./log-writer.js";
export {
  encodeLeftOut,
  encodeLostRecord,
  encodeSample,
  PERF_RECORD_LOST,
  PERF_RECORD_SAMPLE,
  type PerfRecord,
  perfRecords,
  RECORD_LEFT_OUT,
} from "./perf-record.js";
export { HeadReader, openSegment } from "./raw-segment.js";
export { addressText, parseJson } from "./json.js";
export {
  CLOCK_PAYLOAD,
  type ClockSample,
  decodeRound,
  encodeClock,
  encodeLost,
  encodeRound,
  type Lost,
  LOST_PAYLOAD,
  type Round,
  ROUND_PAYLOAD,
} from "./payloads.js";
export { readGap } from "./gap.js";
export {
  type CopyOptions,
  DamageWatch,
  isBrokenJson,
  RecordingCopier,
  soundRecords,
} from "./recording-copier.js";
export { type ReaderOptions, RecordingReader } from "./recording-reader.js";
