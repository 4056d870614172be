// What the kernel lets be probed: https://docs.kernel.org/trace/kprobes.html, "Blacklist", and ftrace.rst,
// "available_filter_functions".
import { readFileSync } from "node:fs";

/** Says why a function cannot be probed; undefined if it can, as far as the kernel says. */
export type WhyNotTraceable = (symbol: string, module: string | undefined) => string | undefined;

const TRACING = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/** What this kernel says. Where tracefs or debugfs is not mounted it says less, and attaching will tell. */
export function readTraceable(): WhyNotTraceable {
  const list = TRACING.map((folder) => readIfAny(`${folder}/available_filter_functions`)).find(Boolean);
  const blacklist = readIfAny("/sys/kernel/debug/kprobes/blacklist");
  return whyNotTraceable(list, blacklist);
}

/**
 * @param available text of available_filter_functions: a name a line, then `[module]`; empty or undefined: not known
 * @param blacklist text of kprobes/blacklist: `0xSTART-0xEND`, a tab, a name
 */
export function whyNotTraceable(
  available: string | undefined,
  blacklist: string | undefined,
): WhyNotTraceable {
  const traceable = new Set<string>();
  for (const line of (available ?? "").split("\n")) {
    const match = /^(\S+)(?:\s+\[([^\]]+)\])?/.exec(line);
    if (match?.[1] !== undefined) traceable.add(key(match[1], match[2]));
  }
  const forbidden = new Set<string>();
  for (const line of (blacklist ?? "").split("\n")) {
    const name = /\t(\S+)/.exec(line)?.[1];
    if (name !== undefined) forbidden.add(name);
  }
  return (symbol, module) => {
    if (forbidden.has(symbol)) return "the kernel forbids kprobes there (kprobes/blacklist)";
    if (traceable.size > 0 && !traceable.has(key(symbol, module)))
      return "the kernel does not trace it (notrace, or only used while booting)";
    return undefined;
  };
}

function key(symbol: string, module: string | undefined): string {
  return module === undefined ? symbol : `${symbol} ${module}`;
}

function readIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
