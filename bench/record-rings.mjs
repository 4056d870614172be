// A recording of filled rings: the recorder's own Recording, with nothing but the probes replaced.
import { randomFillSync } from "node:crypto";

import { EVENT_LAYOUT, layoutId, LogEncoder } from "../packages/format/dist/index.js";
import { Clock, clockNs } from "../packages/recorder/dist/ffi/libc.js";
import { openFileSink } from "../packages/recorder/dist/log/sink.js";
import { Recording } from "../packages/recorder/dist/recording.js";

/** @typedef {import("../packages/recorder/dist/recording.js").RecordingParts} RecordingParts */
/** @typedef {import("../packages/recorder/dist/rings/perf-rings.js").PerfRings} PerfRings */

/**
 * Begins to record into a file.
 * @param {object} parts
 * @param {string} parts.path is written over
 * @param {Pick<PerfRings, "epollFd" | "unread" | "close">} parts.rings closed at the end
 * @param {import("../packages/recorder/dist/bpf/counters.js").Counters} parts.counters
 * @param {readonly number[]} parts.cpus
 * @param {import("../packages/recorder/dist/recording.js").Limits} limits
 * @param {(encoder: LogEncoder) => LogEncoder} [wrapEncoder]
 */
export function recordRings({ path, rings, counters, cpus }, limits, wrapEncoder = (encoder) => encoder) {
  const startNs = clockNs(Clock.MONOTONIC);
  const encoder = wrapEncoder(
    new LogEncoder(randomFillSync(new Uint8Array(16)), layoutId(EVENT_LAYOUT), startNs),
  );
  const sink = openFileSink(path, { force: true });
  sink.write([encoder.fileHeader()]);
  return new Recording(
    {
      sink,
      encoder,
      rings: /** @type {PerfRings} */ (rings),
      counters,
      names: /** @type {RecordingParts["names"]} */ (/** @type {unknown} */ ({ collect: () => undefined })),
      cpus,
      startNs,
      stopProbes: () => undefined,
      restoreHost: async () => undefined,
      release: () => rings.close(),
      failuresByProbe: () => [],
      cost: () => ({ missesKnown: false, misses: [], programs: [], unwanted: [] }),
      finish: () => Promise.resolve(),
    },
    limits,
  );
}
