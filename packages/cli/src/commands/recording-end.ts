// How a recording is ended from outside, and what is said when it has ended.
import type { Recording, Summary } from "@skbtracer/recorder";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Ends a recording at Ctrl-C, SIGTERM and SIGHUP, also if they come while it is being started. */
export class StopSignals {
  #recording: Recording | undefined;
  #received: NodeJS.Signals | undefined;
  readonly #stop = (signal: NodeJS.Signals): void => {
    this.#received = signal;
    this.#recording?.stop(signal);
  };

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#stop);
  }

  /** The recording to end, once there is one. */
  watch(recording: Recording): void {
    this.#recording = recording;
    if (this.#received) recording.stop(this.#received);
  }

  /** Signals do again what they did before. */
  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.#stop);
  }
}

/** Says something about the recording beside its results. */
export function note(text: string): void {
  process.stderr.write(`skbtracer: ${text}\n`);
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
