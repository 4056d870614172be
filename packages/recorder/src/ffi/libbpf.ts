// libbpf 1.1 or later through FFI: https://libbpf.readthedocs.io/en/latest/api.html.
// Loading, CO-RE relocation and attaching are its work; here are its functions as they are, and its messages.
import koffi, { type LibraryHandle } from "koffi";
import { RecorderError } from "../errors.js";

/** An address in this process; 0n is NULL. */
export type Pointer = bigint;

type Nullable<T> = T | null;
type Data = NodeJS.ArrayBufferView;

/** The functions used, with C's meaning. Those that give a pointer give 0n and set errno on failure. */
export interface Libbpf {
  openFile(path: string): Pointer;
  openMemory(object: Data): Pointer;
  load(object: Pointer): number;
  closeObject(object: Pointer): void;
  findMap(object: Pointer, name: string): Pointer;
  mapFd(map: Pointer): number;
  setMaxEntries(map: Pointer, entries: number): number;
  initialValue(map: Pointer): { address: Pointer; size: number };
  findProgram(object: Pointer, name: string): Pointer;
  programFd(program: Pointer): number;
  setAutoload(program: Pointer, autoload: boolean): number;
  attachKprobe(program: Pointer, atReturn: boolean, symbol: string): Pointer;
  /** Of the functions at these addresses: all or none. */
  attachKprobeMulti(program: Pointer, addresses: readonly bigint[]): Pointer;
  attachRawTracepoint(program: Pointer, name: string): Pointer;
  linkFd(link: Pointer): number;
  destroyLink(link: Pointer): number;
  lookup(mapFd: number, key: Data, value: Data): number;
  nextKey(mapFd: number, key: Nullable<Data>, next: Data): number;
  /**
   * struct bpf_prog_info, bpf_link_info... of what is behind a descriptor: how many bytes of it the kernel knows, or
   * less than 0. What `info` has beyond these must be zero.
   */
  info(fd: number, info: Data): number;
  /** Switches the kernel's statistics of a kind on for as long as the returned descriptor is open. */
  enableStats(kind: number): number;
  newRawPerfBuffer(mapFd: number, pages: number, attributes: Data): Pointer;
  freePerfBuffer(buffer: Pointer): void;
  perfBufferCount(buffer: Pointer): number;
  perfBufferEpollFd(buffer: Pointer): number;
  perfBufferMemory(buffer: Pointer, index: number): { address: Pointer; size: number };
  /** libbpf's warnings since the last call, joined. */
  takeMessages(): string;
}

/** Debian's and others' names of the library, newest first. */
const LIBRARY = "libbpf.so.1";

/** libbpf_print_level */
const LEVEL_DEBUG = 2;

/** Returned by libbpf where it gives pointers: NULL since 1.0. */
function pointer(value: unknown): Pointer {
  return typeof value === "bigint" ? value : 0n;
}

/**
 * Opens the library.
 * @throws RecorderError that says what to install
 */
export function openLibbpf(): Libbpf {
  let library: LibraryHandle;
  try {
    library = koffi.load(LIBRARY);
  } catch {
    throw new RecorderError(
      `${LIBRARY} (libbpf 1.1 or later) is not installed: on Debian or Ubuntu, apt-get install libbpf1`,
    );
  }
  const messages = captureMessages(library);
  const native = (prototype: string): ((...args: unknown[]) => unknown) => library.func(prototype);
  const openFile = native("void *bpf_object__open_file(const char *path, void *options)");
  const openMemory = native("void *bpf_object__open_mem(const void *object, size_t size, void *options)");
  const load = native("int bpf_object__load(void *object)");
  const closeObject = native("void bpf_object__close(void *object)");
  const findMap = native("void *bpf_object__find_map_by_name(void *object, const char *name)");
  const mapFd = native("int bpf_map__fd(void *map)");
  const setMaxEntries = native("int bpf_map__set_max_entries(void *map, uint32_t entries)");
  const initialValue = native("void *bpf_map__initial_value(void *map, void *size)");
  const findProgram = native("void *bpf_object__find_program_by_name(void *object, const char *name)");
  const programFd = native("int bpf_program__fd(void *program)");
  const setAutoload = native("int bpf_program__set_autoload(void *program, bool autoload)");
  const attachKprobe = native(
    "void *bpf_program__attach_kprobe(void *program, bool atReturn, const char *symbol)",
  );
  const attachRawTracepoint = native(
    "void *bpf_program__attach_raw_tracepoint(void *program, const char *name)",
  );
  const attachKprobeMulti = native(
    "void *bpf_program__attach_kprobe_multi_opts(void *program, void *pattern, void *options)",
  );
  const linkFd = native("int bpf_link__fd(void *link)");
  const infoByFd = native("int bpf_obj_get_info_by_fd(int fd, void *info, void *length)");
  const enableStats = native("int bpf_enable_stats(int kind)");
  const destroyLink = native("int bpf_link__destroy(void *link)");
  const lookup = native("int bpf_map_lookup_elem(int fd, void *key, void *value)");
  const nextKey = native("int bpf_map_get_next_key(int fd, void *key, void *next)");
  const newRaw = native(
    "void *perf_buffer__new_raw(int fd, size_t pages, void *attributes, void *callback, void *context, void *options)",
  );
  const freeBuffer = native("void perf_buffer__free(void *buffer)");
  const bufferCount = native("size_t perf_buffer__buffer_cnt(void *buffer)");
  const epollFd = native("int perf_buffer__epoll_fd(void *buffer)");
  const bufferMemory = native("int perf_buffer__buffer(void *buffer, int index, void *address, void *size)");

  return {
    openFile: (path) => pointer(openFile(path, null)),
    openMemory: (object) => pointer(openMemory(object, object.byteLength, null)),
    load: (object) => Number(load(object)),
    closeObject: (object) => void closeObject(object),
    findMap: (object, name) => pointer(findMap(object, name)),
    mapFd: (map) => Number(mapFd(map)),
    setMaxEntries: (map, entries) => Number(setMaxEntries(map, entries)),
    initialValue: (map) => {
      const size = new BigUint64Array(1);
      return { address: pointer(initialValue(map, size)), size: Number(size[0]) };
    },
    findProgram: (object, name) => pointer(findProgram(object, name)),
    programFd: (program) => Number(programFd(program)),
    setAutoload: (program, autoload) => Number(setAutoload(program, autoload)),
    attachKprobe: (program, atReturn, symbol) => pointer(attachKprobe(program, atReturn, symbol)),
    attachRawTracepoint: (program, name) => pointer(attachRawTracepoint(program, name)),
    attachKprobeMulti: (program, addresses) => {
      const list = BigUint64Array.from(addresses);
      return pointer(attachKprobeMulti(program, null, kprobeMultiOptions(koffi.address(list), list.length)));
    },
    linkFd: (link) => Number(linkFd(link)),
    info: (fd, info) => {
      const length = Uint32Array.of(info.byteLength);
      const status = Number(infoByFd(fd, info, length));
      return status < 0 ? status : (length[0] ?? 0);
    },
    enableStats: (kind) => Number(enableStats(kind)),
    destroyLink: (link) => Number(destroyLink(link)),
    lookup: (fd, key, value) => Number(lookup(fd, key, value)),
    nextKey: (fd, key, next) => Number(nextKey(fd, key, next)),
    newRawPerfBuffer: (fd, pages, attributes) => pointer(newRaw(fd, pages, attributes, null, null, null)),
    freePerfBuffer: (buffer) => void freeBuffer(buffer),
    perfBufferCount: (buffer) => Number(bufferCount(buffer)),
    perfBufferEpollFd: (buffer) => Number(epollFd(buffer)),
    perfBufferMemory: (buffer, index) => {
      const address = new BigUint64Array(1);
      const size = new BigUint64Array(1);
      if (Number(bufferMemory(buffer, index, address, size)) < 0) return { address: 0n, size: 0 };
      return { address: address[0] ?? 0n, size: Number(size[0]) };
    },
    takeMessages: () => messages.splice(0).join(""),
  };
}

/** struct bpf_kprobe_multi_opts: size, symbols, addresses, cookies, count, whether at the return. */
function kprobeMultiOptions(addresses: bigint, count: number): BigUint64Array {
  const SIZE = 48n;
  return BigUint64Array.of(SIZE, 0n, addresses, 0n, BigInt(count), 0n);
}

/** The most lines of libbpf's that are kept: a verifier log can be long, and its end matters. */
const MESSAGES_MAX = 400;
/** One message is a whole verifier log. */
const MESSAGE_SIZE_MAX = 2 ** 20;

function captureMessages(library: LibraryHandle): string[] {
  const messages: string[] = [];
  const libc = koffi.load("libc.so.6");
  const format = libc.func("int vsnprintf(void *text, size_t size, const char *format, void *arguments)") as (
    ...args: unknown[]
  ) => number;
  const text = Buffer.alloc(MESSAGE_SIZE_MAX);
  const type = koffi.proto("int LibbpfPrint(int level, const char *format, void *arguments)");
  const print = koffi.register((level: number, pattern: string, args: unknown): number => {
    // A va_list argument is passed as a pointer on x86-64 and arm64, which vsnprintf takes the same way.
    if (level < LEVEL_DEBUG) {
      const length = format(text, text.length, pattern, args);
      messages.push(text.toString("utf8", 0, Math.max(0, Math.min(length, text.length - 1))));
      if (messages.length > MESSAGES_MAX) messages.shift();
    }
    return 0;
  }, koffi.pointer(type));
  (library.func("void *libbpf_set_print(void *print)") as (print: unknown) => unknown)(print);
  return messages;
}
