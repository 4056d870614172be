// What the kernel says of a loaded program and of an attachment: bpf(2), BPF_OBJ_GET_INFO_BY_FD. Offsets are those of
// struct bpf_prog_info and struct bpf_link_info, include/uapi/linux/bpf.h, which only ever grow.
import type { Libbpf } from "../ffi/libbpf.js";

const PROGRAM = { runTimeNs: 192, runs: 200, skipped: 208, size: 216 } as const;
const LINK = { type: 0, perfKind: 16, size: 56 } as const;

const LINK_PERF_EVENT = 7;
const LINK_KPROBE_MULTI = 8;
/** BPF_PERF_EVENT_KPROBE and BPF_PERF_EVENT_KRETPROBE. */
const PERF_KPROBES: readonly number[] = [3, 4];

/** Offset of `missed` of a kprobe by perf event, and of a kprobe-multi. */
const KPROBE_MISSED = 48;
const MULTI_MISSED = 32;

/** What a field has that the kernel does not fill in. */
const UNTOUCHED = 0xffff_ffff_ffff_ffffn;

/** What the kernel counts of a program. */
export interface ProgramInfo {
  /** Runs and their time: counted only while the kernel's statistics of BPF are switched on. */
  readonly runs: number;
  readonly runTimeNs: number;
  /** Runs that were skipped as the CPU was running a program already; undefined where the kernel does not say (5.12). */
  readonly skipped: number | undefined;
}

/** Of a program's descriptor; undefined if the kernel does not say. */
export function programInfo(libbpf: Libbpf, fd: number): ProgramInfo | undefined {
  const info = new Uint8Array(PROGRAM.size);
  const known = libbpf.info(fd, info);
  if (known < PROGRAM.skipped) return undefined;
  const view = new DataView(info.buffer);
  return {
    runs: Number(view.getBigUint64(PROGRAM.runs, true)),
    runTimeNs: Number(view.getBigUint64(PROGRAM.runTimeNs, true)),
    skipped: known < PROGRAM.size ? undefined : Number(view.getBigUint64(PROGRAM.skipped, true)),
  };
}

/** Hits that an attachment missed, of its link's descriptor; undefined where the kernel does not say (6.7). */
export function linkMissed(libbpf: Libbpf, fd: number): number | undefined {
  const info = new Uint8Array(LINK.size);
  if (fd < 0 || libbpf.info(fd, info) < 0) return undefined;
  const at = missedOffset(new DataView(info.buffer));
  if (at === undefined) return undefined;
  info.fill(0);
  const view = new DataView(info.buffer);
  view.setBigUint64(at, UNTOUCHED, true);
  // A kernel that knows less of the struct refuses what is not zero.
  if (libbpf.info(fd, info) < 0) return undefined;
  const missed = view.getBigUint64(at, true);
  return missed === UNTOUCHED ? undefined : Number(missed);
}

function missedOffset(info: DataView): number | undefined {
  const type = info.getUint32(LINK.type, true);
  if (type === LINK_KPROBE_MULTI) return MULTI_MISSED;
  const isKprobe = type === LINK_PERF_EVENT && PERF_KPROBES.includes(info.getUint32(LINK.perfKind, true));
  return isKprobe ? KPROBE_MISSED : undefined;
}
