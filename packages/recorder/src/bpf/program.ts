// The BPF object in the kernel: opened, configured, loaded, attached, detached.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ClassicProgram } from "@skbtracer/format";
import { RecorderError } from "../errors.js";
import type { Libbpf, Pointer } from "../ffi/libbpf.js";
import { lastError } from "../ffi/libc.js";
import { mapShared, viewMemory } from "../ffi/memory.js";
import { type ProgramConfig, writeConfig } from "./config.js";
import { replaceLastFunction } from "./elf-function.js";
import { linkMissed, programInfo, type ProgramInfo } from "./kernel-info.js";
import { translateExpression } from "./translate-expression.js";

/** Where `make` puts the object, from this file's place once compiled. */
const OBJECT_PATH = fileURLToPath(new URL("../../../../bpf/build/skbtracer.bpf.o", import.meta.url));

/** What attaching gave: a link, or why there is none. */
export type Attachment =
  | { readonly link: Pointer; readonly reason?: undefined }
  | { readonly reason: string };

/** What the kernel counts of a loaded program. */
export interface ProgramCounts extends ProgramInfo {
  readonly name: string;
}

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
   * @param entries of maps that must have room for more than the object says
   * @param expression the filter expression; packets are asked about it if the configuration says so
   * @throws RecorderError
   */
  static load(
    libbpf: Libbpf,
    config: ProgramConfig,
    programs: ReadonlySet<string>,
    entries: Readonly<Record<string, number>> = {},
    expression?: ClassicProgram,
    path: string = OBJECT_PATH,
  ): Program {
    if (!existsSync(path))
      throw new RecorderError(
        "the BPF program is not compiled: install clang and llvm, then run `npm run setup` in skbtracer's folder",
      );
    const object = expression
      ? libbpf.openMemory(
          replaceLastFunction(readFileSync(path), "run_expression", translateExpression(expression)),
        )
      : libbpf.openFile(path);
    if (!object) throw new RecorderError(`libbpf cannot open ${path}: ${lastError().message}`);
    const program = new Program(libbpf, object);
    for (const name of PROGRAM_NAMES) {
      const found = libbpf.findProgram(object, name);
      if (found) libbpf.setAutoload(found, programs.has(name));
    }
    for (const [name, count] of Object.entries(entries)) libbpf.setMaxEntries(program.#map(name), count);
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

  /** What the kernel counts of each program that is loaded. */
  counts(): ProgramCounts[] {
    return PROGRAM_NAMES.flatMap((name) => {
      const fd = this.#libbpf.programFd(this.#program(name));
      const info = fd < 0 ? undefined : programInfo(this.#libbpf, fd);
      return info ? [{ name, ...info }] : [];
    });
  }

  /** Hits that an attachment missed; undefined where the kernel does not say (6.7). */
  missed(link: Pointer): number | undefined {
    return linkMissed(this.#libbpf, this.#libbpf.linkFd(link));
  }

  /** Attaches a program to a function's entry or return. */
  attachKprobe(program: string, symbol: string, atReturn: boolean): Attachment {
    return this.#keep(this.#libbpf.attachKprobe(this.#program(program), atReturn, symbol));
  }

  /** Attaches a program to the entries of many functions at once: to all of them, or to none. */
  attachKprobeMulti(program: string, addresses: readonly bigint[]): Attachment {
    return this.#keep(this.#libbpf.attachKprobeMulti(this.#program(program), addresses));
  }

  /** Attaches a program to a raw tracepoint, named without its subsystem. */
  attachRawTracepoint(program: string, name: string): Attachment {
    return this.#keep(this.#libbpf.attachRawTracepoint(this.#program(program), name));
  }

  /** Detaches all: no probe fires any more, but one may be running for some milliseconds. */
  detach(onProgress: (done: number, of: number) => void = () => undefined): void {
    const links = this.#links.splice(0);
    links.forEach((link, i) => {
      this.#libbpf.destroyLink(link);
      onProgress(i + 1, links.length);
    });
  }

  /** Detaches and unloads: the variables' memory is gone. */
  close(): void {
    this.detach();
    this.#libbpf.closeObject(this.#object);
  }

  #keep(link: Pointer): Attachment {
    if (!link) {
      const reason = lastError().message;
      this.#libbpf.takeMessages();
      return { reason };
    }
    this.#links.push(link);
    return { link };
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
  "sight_multi_arg1",
  "sight_multi_arg2",
  "sight_multi_arg3",
  "sight_multi_arg4",
  "sight_multi_arg5",
  "call_arg1",
  "call_arg2",
  "call_arg3",
  "call_arg4",
  "call_arg5",
  "call_return",
  "tp_netif_receive_skb",
  "tp_net_dev_queue",
  "tp_netif_rx",
  "tp_kfree_skb",
  "tp_consume_skb",
  "free_arg1",
  "free_partial",
  "free_stolen",
  "merge_entry",
  "alloc_return",
  "clone_entry",
  "copy_entry",
  "segment_entry",
  "fragment_entry",
  "child_return",
  "segment_return",
  "head_entry",
  "head_return",
  "ipt_entry",
  "ipt_return",
  "nft_entry",
  "nft_return",
  "nft_rule",
  "hook_entry",
  "hook_return",
] as const;

function explainLoad(code: string, message: string, messages: string): string {
  if (code === "EPERM") return "loading BPF programs is not permitted: run as root";
  const last = messages.split("\n").slice(-6).join("\n  ");
  return `the kernel refuses the BPF program (${message}); \`skbtracer doctor\` may know why\n  ${last}`;
}
