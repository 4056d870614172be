// The recorder: the only package that knows FFI and Linux.
export { type Check, examineHost } from "./doctor.js";
export { GLOB_MATCHES_MAX, UnknownProbeError } from "./bpf/choose.js";
export { findNamespaces, type FoundNamespace } from "./host/namespaces.js";
export { PROBE_SETS, type ProbeSet } from "./bpf/probe-sets.js";
export { type ListedProbe, listProbes, type ProbeList } from "./list-probes.js";
export { RecorderError, SinkError } from "./errors.js";
export { FileSink, FunctionSink, type LogSink, openFileSink, TeeSink } from "./log/sink.js";
export type { Limits, Progress, Recording, Summary } from "./recording.js";
export { type KernelFilter, type RecordOptions, SNAPLEN_MAX, startRecording } from "./start-recording.js";
