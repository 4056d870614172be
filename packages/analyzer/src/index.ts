// What can be understood from a recording alone, anywhere.
export type { Capture } from "./dissect/capture.js";
export { dissect } from "./dissect/packet.js";
export type { Packet } from "./dissect/packet-fields.js";
export { packetInfo } from "./dissect/packet-info.js";
export { type EventKindName, kindName } from "@skbtracer/format";
export { type Flow, flowText } from "./event/flow-text.js";
export { Names } from "./event/names.js";
export { haveRulesChanged } from "./event/rule-texts.js";
export { Selection } from "./event/selection.js";
export {
  captureOf,
  type DropFacts,
  type RuleFacts,
  type TraceEvent,
  traceEvent,
  type TraversalFacts,
} from "./event/trace-event.js";
export { WallClock } from "./event/wall-clock.js";
export { Census, type Way } from "./diff/census.js";
export {
  compare,
  type CompareOptions,
  type Comparison,
  type Difference,
  type Side,
  type TimeCount,
  type WayCount,
} from "./diff/compare.js";
export { type Finding, type Verdict } from "./expect/assertions.js";
export { evaluate, type EvaluateOptions, type NearestPath, type Result } from "./expect/evaluate.js";
export type { Expectation } from "./expect/expectation.js";
export { functionNames, type FunctionNames } from "./expect/function-names.js";
export { Knowledge } from "./expect/knowledge.js";
export { ExpectationsError, type Position, type Problem } from "./expect/problem.js";
export { Tally } from "./expect/tally.js";
export {
  explainDrop,
  type Explained,
  explainedNames,
  explainName,
  harmlessRules,
} from "./explain/explain.js";
export { PLACES } from "./explain/places.js";
export {
  EXPORT_FORMATS,
  type ExportFormat,
  type ExportFormatName,
  isExportFormatName,
  type OpenWriter,
} from "./export/formats.js";
export { type Partition, partition, type PartitionFacts, partitionKey } from "./export/partition.js";
export type { ByteSink, TableWriter } from "./export/writer.js";
export { ExpressionFilter } from "./expression/expression-filter.js";
export { FilterError } from "./filter/filter-error.js";
export { type KernelFilter, kernelFilter } from "./filter/kernel-filter.js";
export { type FilterFlags, filterIn, type PacketFilter, parsePacketFilter } from "./filter/packet-filter.js";
export { BENIGN_RULES, benignRule, type BenignRule } from "./reconstruct/benign.js";
export { decisionText } from "./reconstruct/life.js";
export { missingEvents } from "./reconstruct/host-rows.js";
export { type FinishedPath, FollowedPath, type PathEvent, pathBlock } from "./reconstruct/followed-path.js";
export { type Demand, type Found, Reconstruction } from "./reconstruct/reconstruction.js";
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
export { type DropGroup, DropGroups } from "./reconstruct/drop-groups.js";
export { type PathShape, PathShapes } from "./reconstruct/path-shapes.js";
export { nearest, nearestFew } from "./text/nearest.js";
export { Quantiles } from "./reconstruct/quantiles.js";
export { WantedFamilies } from "./slice/families.js";
export { type SliceOptions, SliceWriter } from "./slice/slice-writer.js";
export { RedactionKey, SECRET_BYTES_MIN } from "./redact/key.js";
export { Pseudonyms } from "./redact/pseudonyms.js";
export { knownEndReason, Redaction, REDACTION_FACTS, type RedactionCounts } from "./redact/redaction.js";
