// What is being written, removed if a signal ends the program first: nothing half done is left behind.
import { rmSync } from "node:fs";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const unfinished = new Set<string>();

/**
 * Removes a file or folder if a signal comes before it is finished. Signals end the program then, as they would have.
 * @returns call it when the path is finished, or removed
 */
export function removeOnSignal(path: string): () => void {
  if (unfinished.size === 0) for (const signal of SIGNALS) process.on(signal, end);
  unfinished.add(path);
  return () => {
    unfinished.delete(path);
    if (unfinished.size === 0) for (const signal of SIGNALS) process.off(signal, end);
  };
}

function end(signal: NodeJS.Signals): void {
  for (const path of unfinished) rmSync(path, { recursive: true, force: true });
  for (const one of SIGNALS) process.off(one, end);
  process.kill(process.pid, signal);
}
