// The few functions of the C library that Node does not offer.
import { getSystemErrorMap } from "node:util";
import koffi from "koffi";

type Native = (...args: unknown[]) => number;

const libc = koffi.load("libc.so.6");
const clockGettime = libc.func("int clock_gettime(int clock, void *time)") as Native;
const epollWait = libc.func("int epoll_wait(int fd, void *events, int most, int milliseconds)");
const ftruncate = libc.func("int ftruncate(int fd, int64_t length)") as Native;
const getpagesize = libc.func("int getpagesize()") as Native;
const prlimit = libc.func("int prlimit(int pid, int resource, void *set, void *get)") as Native;

/** Clocks of clock_gettime(2). */
export const Clock = { REALTIME: 0, MONOTONIC: 1, BOOTTIME: 7, TAI: 11 } as const;

const timespec = new BigInt64Array(2);

/** A clock's time in ns. */
export function clockNs(clock: number): bigint {
  clockGettime(clock, timespec);
  return (timespec[0] ?? 0n) * 1_000_000_000n + (timespec[1] ?? 0n);
}

/** Of a page of memory, in bytes. */
export function pageSize(): number {
  return getpagesize();
}

const EPOLL_EVENT_SIZE = 16; // 12 on x86-64
const EPOLL_EVENTS = 64;

/**
 * Waits until something is ready on an epoll descriptor, in a thread of its own, so that timers and signals go on.
 * @param milliseconds at most
 * @returns how many descriptors are ready; 0: none in time, or interrupted
 */
export function waitForEpoll(fd: number, milliseconds: number): Promise<number> {
  const events = Buffer.alloc(EPOLL_EVENT_SIZE * EPOLL_EVENTS);
  return new Promise((resolve) => {
    (epollWait as unknown as { async: (...args: unknown[]) => void }).async(
      fd,
      events,
      EPOLL_EVENTS,
      milliseconds,
      (_error: unknown, ready: number) => resolve(Math.max(ready, 0)),
    );
  });
}

/** Cuts an open file to `length` bytes. Returns whether that worked. */
export function truncate(fd: number, length: number): boolean {
  return ftruncate(fd, length) === 0;
}

const RLIMIT_MEMLOCK = 8;

/** The limit of locked memory in bytes; undefined: unlimited. */
export function memlockLimit(): bigint | undefined {
  const limits = new BigUint64Array(2);
  prlimit(0, RLIMIT_MEMLOCK, null, limits);
  const soft = limits[0] ?? 0n;
  return soft === 0xffff_ffff_ffff_ffffn ? undefined : soft;
}

/** The errno of the last native call, as Node spells it: "ENOENT: no such file or directory". */
export function lastError(): { code: string; message: string } {
  return describeErrno(koffi.errno());
}

/** An errno (positive) by name and meaning. */
export function describeErrno(errno: number): { code: string; message: string } {
  const [code, meaning] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "unknown error"];
  return { code, message: `${code}: ${meaning}` };
}
