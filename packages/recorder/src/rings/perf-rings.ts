// The perf rings of all CPUs, read where the kernel put them: struct perf_event_mmap_page,
// include/uapi/linux/perf_event.h. Events are not looked at here.
import type { Libbpf, Pointer } from "../ffi/libbpf.js";
import { lastError } from "../ffi/libc.js";
import { RecorderError } from "../errors.js";
import { viewMemory } from "../ffi/memory.js";

const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_BPF_OUTPUT = 10n;
const PERF_SAMPLE_RAW = 1n << 10n;
/** Bit `watermark` of the attributes' flags: wake up at a number of bytes, not of events. */
const FLAG_WATERMARK = 1n << 14n;
const ATTRIBUTES_SIZE = 112; // PERF_ATTR_SIZE_VER5

/** 64-bit words of the control page. */
const DATA_HEAD = 1024 / 8;
const DATA_TAIL = 1032 / 8;

/** How rings are made. */
export interface RingOptions {
  readonly pageSize: number;
  /** Numbers of the online CPUs, ascending: libbpf numbers its rings without the gaps of offline ones. */
  readonly onlineCpus: readonly number[];
  /** Of each CPU; a power of two of pages. */
  readonly bytesPerCpu: number;
  /** Unread bytes at which the reader is woken. 0: at every event, for comparison. */
  readonly wakeBytes: number;
}

/** What is unread in one ring. */
export interface Unread {
  readonly cpu: number;
  /** Whole records; two spans where the ring wraps. The memory is the kernel's again after `release`. */
  readonly spans: Uint8Array[];
  release(): void;
}

interface Ring {
  readonly cpu: number;
  readonly control: BigUint64Array;
  readonly data: Uint8Array;
}

/** The rings of one perf event array. */
export class PerfRings {
  readonly epollFd: number;
  readonly #libbpf: Libbpf;
  readonly #buffer: Pointer;
  readonly #rings: readonly Ring[];

  /**
   * Makes a ring for each online CPU and puts them into the map.
   * @throws RecorderError
   */
  constructor(libbpf: Libbpf, mapFd: number, options: RingOptions) {
    this.#libbpf = libbpf;
    const { pageSize } = options;
    const pages = options.bytesPerCpu / pageSize;
    this.#buffer = libbpf.newRawPerfBuffer(mapFd, pages, attributes(options.wakeBytes));
    if (!this.#buffer)
      throw new RecorderError(
        `cannot make perf rings of ${options.bytesPerCpu} bytes a CPU (${lastError().message}): try a smaller --buffer`,
      );
    this.epollFd = libbpf.perfBufferEpollFd(this.#buffer);
    const rings: Ring[] = [];
    for (let index = 0; index < libbpf.perfBufferCount(this.#buffer); index++) {
      const { address, size } = libbpf.perfBufferMemory(this.#buffer, index);
      const cpu = options.onlineCpus[index];
      if (!address || cpu === undefined) throw new RecorderError(`the perf ring ${index} cannot be found`);
      const memory = viewMemory(address, size + pageSize);
      rings.push({
        cpu,
        control: new BigUint64Array(memory, 0, pageSize / 8),
        data: new Uint8Array(memory, pageSize, size),
      });
    }
    this.#rings = rings;
  }

  /** What is unread now, ring by ring. Each must be released before the next is asked for. */
  *unread(): Generator<Unread> {
    for (const ring of this.#rings) {
      const tail = ring.control[DATA_TAIL] ?? 0n;
      const head = Atomics.load(ring.control, DATA_HEAD);
      if (head === tail) continue;
      yield {
        cpu: ring.cpu,
        spans: spansOf(ring.data, tail, Number(head - tail)),
        release: () => void Atomics.store(ring.control, DATA_TAIL, head),
      };
    }
  }

  /** Unmaps the rings: no span may be used afterwards. */
  close(): void {
    this.#libbpf.freePerfBuffer(this.#buffer);
  }
}

function spansOf(data: Uint8Array, tail: bigint, length: number): Uint8Array[] {
  const start = Number(tail & BigInt(data.length - 1));
  const first = Math.min(length, data.length - start);
  const spans = [data.subarray(start, start + first)];
  if (first < length) spans.push(data.subarray(0, length - first));
  return spans;
}

/** struct perf_event_attr */
function attributes(wakeBytes: number): Uint8Array {
  const bytes = new Uint8Array(ATTRIBUTES_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, PERF_TYPE_SOFTWARE, true);
  view.setUint32(4, ATTRIBUTES_SIZE, true);
  view.setBigUint64(8, PERF_COUNT_SW_BPF_OUTPUT, true);
  view.setBigUint64(16, 1n, true); // sample_period
  view.setBigUint64(24, PERF_SAMPLE_RAW, true);
  view.setBigUint64(40, wakeBytes > 0 ? FLAG_WATERMARK : 0n, true);
  view.setUint32(48, wakeBytes > 0 ? wakeBytes : 1, true); // wakeup_watermark or wakeup_events
  return bytes;
}
