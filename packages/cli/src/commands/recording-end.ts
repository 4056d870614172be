// How a recording is ended from outside, and what is said when it has ended.
import type { Recording, Summary } from "@skbtracer/recorder";

/** Ends a recording at Ctrl-C and SIGTERM. Returns what undoes this. */
export function stopOnSignals(recording: Recording): () => void {
  const stop = (signal: NodeJS.Signals): void => recording.stop(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}

/** Prints the original's two lines, and what went wrong. Returns the exit code. */
export function reportEnd({ events, lost, error }: Summary): number {
  process.stderr.write(`${events} event(s) received\n`);
  process.stderr.write(
    `${lost} event(s) lost (${lost > 0 ? "the perf rings were full: try a larger --buffer, or a filter" : "none"})\n`,
  );
  if (!error) return 0;
  process.stderr.write(`skbtracer: the recording ended early: ${error.message}\n`);
  return 2;
}
