// The BPF object in the kernel: opened, configured, loaded, attached, detached.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { RecorderError } from "../errors.js";
import type { Libbpf, Pointer } from "../ffi/libbpf.js";
import { lastError } from "../ffi/libc.js";
import { mapShared, viewMemory } from "../ffi/memory.js";
import { type ProgramConfig, writeConfig } from "./config.js";

/** Where `make` puts the object, from this file's place once compiled. */
const OBJECT_PATH = fileURLToPath(new URL("../../../../bpf/build/skbtracer.bpf.o", import.meta.url));

/** A loaded object. */
export class Program {
  readonly #libbpf: Libbpf;
  readonly #object: Pointer;
  readonly #links: Pointer[] = [];

  private constructor(libbpf: Libbpf, object: Pointer) {
    this.#libbpf = libbpf;
    this.#object = object;
  }

  /**
   * Loads the object with a configuration.
   * @param programs names of the programs to load; the rest are left out, as they may need types that are not there
   * @throws RecorderError
   */
  static load(
    libbpf: Libbpf,
    config: ProgramConfig,
    programs: ReadonlySet<string>,
    path: string = OBJECT_PATH,
  ): Program {
    if (!existsSync(path))
      throw new RecorderError(
        "the BPF program is not compiled: install clang and llvm, then run `npm run setup` in skbtracer's folder",
      );
    const object = libbpf.openFile(path);
    if (!object) throw new RecorderError(`libbpf cannot open ${path}: ${lastError().message}`);
    const program = new Program(libbpf, object);
    for (const name of PROGRAM_NAMES) {
      const found = libbpf.findProgram(object, name);
      if (found) libbpf.setAutoload(found, programs.has(name));
    }
    const { address, size } = libbpf.initialValue(program.#map(".rodata.config"));
    writeConfig(viewMemory(address, size), config);
    libbpf.takeMessages();
    if (libbpf.load(object) < 0) {
      const error = lastError();
      const messages = libbpf.takeMessages().trim();
      libbpf.closeObject(object);
      throw new RecorderError(explainLoad(error.code, error.message, messages));
    }
    return program;
  }

  mapFd(name: string): number {
    return this.#libbpf.mapFd(this.#map(name));
  }

  /** The memory of a `.data.*` variable, shared with the program. */
  variable(name: string): ArrayBuffer {
    // libbpf maps it by itself only for skeletons.
    const map = this.#map(`.data.${name}`);
    return mapShared(this.#libbpf.mapFd(map), this.#libbpf.initialValue(map).size);
  }

  programFd(name: string): number {
    return this.#libbpf.programFd(this.#program(name));
  }

  /** Attaches a program to a function's entry or return. Returns why not, if it cannot. */
  attachKprobe(program: string, symbol: string, atReturn: boolean): string | undefined {
    return this.#keep(this.#libbpf.attachKprobe(this.#program(program), atReturn, symbol));
  }

  /** Attaches a program to a raw tracepoint, named without its subsystem. Returns why not, if it cannot. */
  attachRawTracepoint(program: string, name: string): string | undefined {
    return this.#keep(this.#libbpf.attachRawTracepoint(this.#program(program), name));
  }

  /** Detaches all: no probe fires any more, but one may be running for some milliseconds. */
  detach(): void {
    for (const link of this.#links.splice(0)) this.#libbpf.destroyLink(link);
  }

  /** Detaches and unloads: the variables' memory is gone. */
  close(): void {
    this.detach();
    this.#libbpf.closeObject(this.#object);
  }

  #keep(link: Pointer): string | undefined {
    if (!link) {
      this.#libbpf.takeMessages();
      return lastError().message;
    }
    this.#links.push(link);
    return undefined;
  }

  #map(name: string): Pointer {
    const map = this.#libbpf.findMap(this.#object, name);
    if (!map) throw new RecorderError(`the BPF object has no map ${name}: run \`npm run setup\``);
    return map;
  }

  #program(name: string): Pointer {
    const program = this.#libbpf.findProgram(this.#object, name);
    if (!program) throw new RecorderError(`the BPF object has no program ${name}: run \`npm run setup\``);
    return program;
  }
}

/** All programs of bpf/skbtracer.bpf.c. */
const PROGRAM_NAMES = [
  "sight_arg1",
  "sight_arg2",
  "sight_arg3",
  "sight_arg4",
  "sight_arg5",
  "tp_netif_receive_skb",
  "tp_net_dev_queue",
  "tp_netif_rx",
  "tp_kfree_skb",
  "tp_consume_skb",
  "free_arg1",
  "clone_entry",
  "clone_return",
  "ipt_entry",
  "ipt_return",
] as const;

function explainLoad(code: string, message: string, messages: string): string {
  if (code === "EPERM") return "loading BPF programs is not permitted: run as root";
  const last = messages.split("\n").slice(-6).join("\n  ");
  return `the kernel refuses the BPF program (${message}); \`skbtracer doctor\` may know why\n  ${last}`;
}
