// The log of skbtracer: its layout, a writer and a reader. Pure: bytes in, values out, no files and no clock.
export * from "./errors.js";
export { crcOf } from "./crc.js";
export {
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
export { EVENT_LAYOUT, EventFlag, EventKind } from "./event-layout.generated.js";
export {
  checkLayout,
  type EventLayout,
  type Field,
  type Kind,
  layoutId,
  type Struct,
} from "./event-layout.js";
export { EventBatch, type NarrowField, type NumberArray, type WideField } from "./event-batch.js";
export {
  type DropReasons,
  type Environment,
  environmentJson,
  type Host,
  type Interface,
  type NamedValue,
  type Namespace,
  type Probe,
} from "./environment.js";
export {
  type CodeSymbol,
  type DeviceName,
  Dictionary,
  type DictionaryEntries,
  dictionaryJson,
  type Stack,
} from "./dictionary.js";
export { type End } from "./end.js";
export { type Loss } from "./loss-ledger.js";
export { type ChunkFacts, LogEncoder } from "./log-encoder.js";
export { type ClockSample, encodeClock, encodeLost, encodeRound, type Lost, type Round } from "./payloads.js";
export { type ReaderOptions, RecordingReader } from "./recording-reader.js";
