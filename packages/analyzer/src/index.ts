// What can be understood from a recording alone, anywhere.
export type { Capture } from "./dissect/capture.js";
export { dissect } from "./dissect/packet.js";
export type { Packet } from "./dissect/packet-fields.js";
export { packetInfo } from "./dissect/packet-info.js";
export { Names } from "./event/names.js";
export { Selection } from "./event/selection.js";
export {
  captureOf,
  type DropFacts,
  type EventKindName,
  kindName,
  type TraceEvent,
  traceEvent,
  type TraversalFacts,
} from "./event/trace-event.js";
export { WallClock } from "./event/wall-clock.js";
export {
  EXPORT_FORMATS,
  type ExportFormat,
  type ExportFormatName,
  isExportFormatName,
  type OpenWriter,
} from "./export/formats.js";
export { type Partition, partition, type PartitionFacts, partitionKey } from "./export/partition.js";
export type { ByteSink, TableWriter } from "./export/writer.js";
export { FilterError } from "./filter/filter-error.js";
export { type KernelFilter, kernelFilter } from "./filter/kernel-filter.js";
export { type FilterFlags, type PacketFilter, parsePacketFilter } from "./filter/packet-filter.js";
export { BENIGN_RULES, benignRule, type BenignRule } from "./reconstruct/benign.js";
export { missingEvents } from "./reconstruct/host-rows.js";
export { type Demand, type FinishedPath, type Found, Reconstruction } from "./reconstruct/reconstruction.js";
export {
  type Block,
  blockOf,
  type Column,
  type NumberColumn,
  rowAt,
  type TextColumn,
  valueAt,
  type WideColumn,
} from "./tables/block.js";
export type {
  AnyRow,
  Begin,
  DropRow,
  EventRow,
  LossRow,
  Outcome,
  PacketColumns,
  PathRow,
  TraversalRow,
} from "./tables/rows.js";
export {
  type ColumnDefinition,
  type ColumnType,
  isTableName,
  TABLE_NAMES,
  type TableDefinition,
  type TableName,
  TABLES,
  type Value,
} from "./tables/schema.js";
export { PathPackets, type PathPacketsOptions } from "./export/path-packets.js";
export { selectRows } from "./reconstruct/event-block.js";
export { type PathShape, PathShapes } from "./reconstruct/path-shapes.js";
export { Quantiles } from "./reconstruct/quantiles.js";
