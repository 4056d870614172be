// The running kernel's types: vmlinux, and those of its modules, where it has them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { RecorderError } from "../errors.js";
import { Btf, BtfKind, type BtfParameter, type BtfStruct } from "./btf.js";

const FOLDER = "/sys/kernel/btf";

/** What a type or function was found in: `vmlinux`, or the name of a module. */
export type BtfSource = string;

/** BTF of the kernel. Modules' is read when first asked for. */
export class KernelBtf {
  readonly vmlinux: Btf;
  /** Modules that have BTF; none on kernels before 5.11. */
  readonly modules: readonly string[];
  readonly #folder: string;
  readonly #loaded = new Map<string, Btf>();

  private constructor(folder: string, vmlinux: Btf, modules: readonly string[]) {
    this.#folder = folder;
    this.vmlinux = vmlinux;
    this.modules = modules;
  }

  /** Whether this kernel has BTF at all. */
  static get available(): boolean {
    return existsSync(`${FOLDER}/vmlinux`);
  }

  /**
   * @param folder of the running kernel's BTF, one file each for vmlinux and every module
   * @throws RecorderError without BTF, BtfError if it is damaged
   */
  static read(folder: string = FOLDER): KernelBtf {
    if (!existsSync(`${folder}/vmlinux`))
      throw new RecorderError(
        `this kernel has no BTF (${folder}/vmlinux): use a kernel built with CONFIG_DEBUG_INFO_BTF, as those of ` +
          "Debian 11, Ubuntu 20.10, RHEL 8.2 and later are",
      );
    const modules = readdirSync(folder).filter((name) => name !== "vmlinux");
    return new KernelBtf(folder, new Btf(readFileSync(`${folder}/vmlinux`)), modules);
  }

  /**
   * Parameters of a function of vmlinux, or of the given module, and of no other: functions of one name can differ.
   * Undefined if there is none, or if the module has no BTF.
   */
  findFunction(name: string, module?: string): { parameters: BtfParameter[]; source: BtfSource } | undefined {
    const owner = module === undefined ? this.vmlinux : this.module(module);
    const parameters = owner?.functionParameters(name);
    return parameters && { parameters, source: module ?? "vmlinux" };
  }

  /** Whether vmlinux or a loaded module has a struct of this name. */
  hasStruct(name: string, modules: readonly string[] = this.modules): boolean {
    return this.findStruct(name, modules) !== undefined;
  }

  /** A struct of vmlinux, else of the first of the modules that has it. */
  findStruct(
    name: string,
    modules: readonly string[] = this.modules,
  ): (BtfStruct & { readonly source: BtfSource }) | undefined {
    const own = this.vmlinux.struct(name);
    if (own) return { ...own, source: "vmlinux" };
    for (const module of modules) {
      const btf = this.module(module);
      if (btf?.find(BtfKind.STRUCT, name) === undefined) continue;
      const found = btf.struct(name);
      if (found) return { ...found, source: module };
    }
    return undefined;
  }

  /** BTF of a module; undefined if it has none. */
  module(name: string): Btf | undefined {
    const known = this.#loaded.get(name);
    if (known || !this.modules.includes(name)) return known;
    let btf: Btf;
    try {
      btf = new Btf(readFileSync(`${this.#folder}/${name}`), this.vmlinux);
    } catch {
      return undefined; // unloaded meanwhile
    }
    this.#loaded.set(name, btf);
    return btf;
  }
}
