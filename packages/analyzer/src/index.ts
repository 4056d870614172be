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
export { FilterError } from "./filter/filter-error.js";
export { type KernelFilter, kernelFilter } from "./filter/kernel-filter.js";
export { type FilterFlags, type PacketFilter, parsePacketFilter } from "./filter/packet-filter.js";
