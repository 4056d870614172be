// Views over memory that the kernel maps into this process.
import koffi from "koffi";
import type { Pointer } from "./libbpf.js";

/** An ArrayBuffer over `size` bytes at an address. It is not valid any more once they are unmapped. */
export function viewMemory(address: Pointer, size: number): ArrayBuffer {
  return koffi.view(address, size);
}
