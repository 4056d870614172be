// libpcap through FFI: https://www.tcpdump.org/manpages/pcap.3pcap.html.
import type { ClassicProgram } from "@skbtracer/format";
import koffi, { type LibraryHandle } from "koffi";
import { ExpressionError } from "./expression-error.js";

/** Debian's name of the library, that of others, macOS's. */
const LIBRARIES = ["libpcap.so.0.8", "libpcap.so.1", "libpcap.dylib"];

const DLT_EN10MB = 1;
/** What matches is taken whole: programs return this. */
const SNAPLEN = 262_144;
const OPTIMIZE = 1;
/** No network is known, so `ip broadcast` cannot be asked for. */
const NETMASK_UNKNOWN = 0xffff_ffff;
/** struct bpf_insn */
const INSTRUCTION_SIZE = 8;

/** What compiling gives: a program, or what libpcap says is wrong. */
export type Compiled = { readonly program: ClassicProgram } | { readonly problem: string };

/** Compiles an expression for Ethernet. */
export type Compiler = (expression: string) => Compiled;

/**
 * Opens the library.
 * @throws ExpressionError that says what to install
 */
export function openLibpcap(names: readonly string[] = LIBRARIES): Compiler {
  const library = load(names);
  const native = (prototype: string): ((...args: unknown[]) => unknown) => library.func(prototype);
  const openDead = native("void *pcap_open_dead(int linkType, int snaplen)");
  const compile = native(
    "int pcap_compile(void *pcap, void *program, const char *expression, int optimize, uint32_t netmask)",
  );
  const lastError = native("const char *pcap_geterr(void *pcap)");
  const freeCode = native("void pcap_freecode(void *program)");
  const pcap = openDead(DLT_EN10MB, SNAPLEN);
  return (expression) => {
    // struct bpf_program: the number of instructions, and where they are.
    const compiled = new BigUint64Array(2);
    if (Number(compile(pcap, compiled, expression, OPTIMIZE, NETMASK_UNKNOWN)) < 0)
      return { problem: String(lastError(pcap)) };
    const count = Number((compiled[0] ?? 0n) & 0xffff_ffffn);
    const memory = koffi.view(compiled[1] ?? 0n, count * INSTRUCTION_SIZE);
    const program = readProgram(new DataView(memory), count);
    freeCode(compiled);
    return { program };
  };
}

function load(names: readonly string[]): LibraryHandle {
  for (const name of names)
    try {
      return koffi.load(name);
    } catch {
      // The next name.
    }
  throw new ExpressionError(
    "filter expressions need libpcap, which is not installed: on Debian or Ubuntu, apt-get install libpcap0.8; on Fedora, dnf install libpcap",
  );
}

function readProgram(view: DataView, count: number): ClassicProgram {
  return Array.from({ length: count }, (_, i) => ({
    code: view.getUint16(i * INSTRUCTION_SIZE, true),
    jt: view.getUint8(i * INSTRUCTION_SIZE + 2),
    jf: view.getUint8(i * INSTRUCTION_SIZE + 3),
    k: view.getUint32(i * INSTRUCTION_SIZE + 4, true),
  }));
}
