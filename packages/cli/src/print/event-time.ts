// The first column: time of day, or seconds since the first event.
import type { TraceEvent, WallClock } from "@skbtracer/analyzer";

/** Gives the text of an event's time. */
export type EventTime = (event: TraceEvent) => string;

/** Seconds since the first event asked for, to the microsecond. */
export function secondsSinceFirst(): EventTime {
  let first: number | undefined;
  return (event) => {
    first ??= event.timeNs;
    return ((event.timeNs - first) / 1e9).toFixed(6);
  };
}

/** HH:MM:SS in the local time zone. */
export function timeOfDay(clock: WallClock): EventTime {
  let second = Number.NaN;
  let text = "";
  return ({ timeNs }) => {
    const realtime = clock.realtimeNs(timeNs);
    if (realtime === undefined) return "--:--:--";
    const now = Number(realtime / 1_000_000_000n);
    if (now !== second) {
      second = now;
      const date = new Date(now * 1000);
      text = [date.getHours(), date.getMinutes(), date.getSeconds()]
        .map((part) => String(part).padStart(2, "0"))
        .join(":");
    }
    return text;
  };
}

/** As RFC 3339, in UTC, to the nanosecond. */
export function isoTime(realtimeNs: bigint): string {
  const seconds = new Date(Number(realtimeNs / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(realtimeNs % 1_000_000_000n).padStart(9, "0")}Z`;
}

/** A row's time of day to the microsecond, or since the recording's start where that is not known. */
export function rowTime({ time_ns, unix_ns }: { time_ns: number; unix_ns: bigint | null }): string {
  if (unix_ns === null) return `+${(time_ns / 1e9).toFixed(6)}s`;
  return isoTime(unix_ns).slice(0, 26).replace("T", " ");
}
