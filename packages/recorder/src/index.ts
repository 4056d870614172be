// The recorder: the only package that knows FFI and Linux.
export { type Check, examineHost } from "./doctor.js";
export { RecorderError, SinkError } from "./errors.js";
export { FileSink, FunctionSink, type LogSink, openFileSink, TeeSink } from "./log/sink.js";
export type { Limits, Progress, Recording, Summary } from "./recording.js";
export { type KernelFilter, type RecordOptions, SNAPLEN_MAX, startRecording } from "./start-recording.js";
