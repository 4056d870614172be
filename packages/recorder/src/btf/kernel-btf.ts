// The running kernel's types: vmlinux, and those of its modules, where it has them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { RecorderError } from "../errors.js";
import { Btf, BtfKind, type BtfParameter } from "./btf.js";

const FOLDER = "/sys/kernel/btf";

/** BTF of the kernel. Modules' is read when first asked for. */
export class KernelBtf {
  readonly vmlinux: Btf;
  /** Modules that have BTF; none on kernels before 5.11. */
  readonly modules: readonly string[];
  readonly #loaded = new Map<string, Btf>();

  private constructor(vmlinux: Btf, modules: readonly string[]) {
    this.vmlinux = vmlinux;
    this.modules = modules;
  }

  /** Whether this kernel has BTF at all. */
  static get available(): boolean {
    return existsSync(`${FOLDER}/vmlinux`);
  }

  /** @throws RecorderError without BTF */
  static read(): KernelBtf {
    if (!KernelBtf.available)
      throw new RecorderError(
        `this kernel has no BTF (${FOLDER}/vmlinux): use a kernel built with CONFIG_DEBUG_INFO_BTF, as those of ` +
          "Debian 11, Ubuntu 20.10, RHEL 8.2 and later are",
      );
    const modules = readdirSync(FOLDER).filter((name) => name !== "vmlinux");
    return new KernelBtf(new Btf(readFileSync(`${FOLDER}/vmlinux`)), modules);
  }

  /** Parameters of a function: as the module that it is in has it, else as vmlinux has it. */
  findFunction(name: string, module?: string): { parameters: BtfParameter[] } | undefined {
    const owner = module === undefined ? this.vmlinux : this.module(module);
    const parameters = owner?.functionParameters(name);
    return parameters && { parameters };
  }

  /** Whether vmlinux or a loaded module has a struct of this name. */
  hasStruct(name: string, modules: readonly string[] = this.modules): boolean {
    if (this.vmlinux.has(BtfKind.STRUCT, name)) return true;
    return modules.some((module) => this.module(module)?.find(BtfKind.STRUCT, name) !== undefined);
  }

  /** BTF of a module; undefined if it has none. */
  module(name: string): Btf | undefined {
    const known = this.#loaded.get(name);
    if (known || !this.modules.includes(name)) return known;
    let btf: Btf;
    try {
      btf = new Btf(readFileSync(`${FOLDER}/${name}`), this.vmlinux);
    } catch {
      return undefined; // unloaded meanwhile
    }
    this.#loaded.set(name, btf);
    return btf;
  }
}
