// Views over memory that the kernel maps into this process.
import koffi from "koffi";
import { RecorderError } from "../errors.js";
import { lastError } from "./libc.js";
import type { Pointer } from "./libbpf.js";

const mmap = koffi
  .load("libc.so.6")
  .func("void *mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)") as (
  ...args: unknown[]
) => unknown;

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** An ArrayBuffer over `size` bytes at an address. It is not valid any more once they are unmapped. */
export function viewMemory(address: Pointer, size: number): ArrayBuffer {
  return koffi.view(address, size);
}

/**
 * The first `size` bytes behind a descriptor, shared, for as long as this process lives.
 * @throws RecorderError
 */
export function mapShared(fd: number, size: number): ArrayBuffer {
  const address = mmap(null, size, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  if (typeof address !== "bigint" || BigInt.asUintN(64, address) === MAP_FAILED)
    throw new RecorderError(`cannot map ${size} bytes of a BPF map: ${lastError().message}`);
  return koffi.view(address, size);
}
