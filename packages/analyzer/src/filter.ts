// Which packets are wanted, for who needs nothing else of a recording: recorders. It loads a tenth of the package.
export type { EventKindName } from "@skbtracer/format";
export { ExpressionFilter } from "./expression/expression-filter.js";
export { FilterError } from "./filter/filter-error.js";
export { type KernelFilter, kernelFilter } from "./filter/kernel-filter.js";
export { type FilterFlags, filterIn, type PacketFilter, parsePacketFilter } from "./filter/packet-filter.js";
export { nearest, nearestFew } from "./text/nearest.js";
