// The machine that records: what `uname` and /sys say of it.
import { readFileSync } from "node:fs";
import * as os from "node:os";
import type { Host } from "@skbtracer/format";
import { pageSize } from "../ffi/libc.js";

/** CPUs by number, from a list such as `0-3,8`. */
export function parseCpuList(text: string): number[] {
  return text
    .trim()
    .split(",")
    .filter((part) => /^\d+(-\d+)?$/.test(part))
    .flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

/** Numbers of the online CPUs. */
export function onlineCpus(): number[] {
  return parseCpuList(readOr("/sys/devices/system/cpu/online", `0-${os.cpus().length - 1}`));
}

/** What a recording says of its host. */
export function describeMachine(): Host {
  return {
    hostname: os.hostname(),
    kernel: os.release(),
    kernelVersion: os.version(),
    machine: os.machine(),
    bootId: readOr("/proc/sys/kernel/random/boot_id", "").trim(),
    cpus: parseCpuList(readOr("/sys/devices/system/cpu/possible", "0")).length,
    pageSize: pageSize(),
    distribution: /^PRETTY_NAME="?([^"\n]*)/m.exec(readOr("/etc/os-release", ""))?.[1] ?? "",
  };
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return otherwise;
  }
}
