// What code addresses are called while modules come and go.
import { readFileSync } from "node:fs";
import { Kallsyms } from "./kallsyms.js";

/** A code address by name. */
type Place = NonNullable<ReturnType<Kallsyms["resolve"]>>;

interface Range {
  readonly start: bigint;
  readonly end: bigint;
}

/** The symbols and modules of one moment. */
interface Moment {
  readonly kallsyms: Kallsyms;
  readonly modules: ReadonlyMap<string, Range>;
}

/** Most moments to remember: what was unloaded since is found in an earlier one. */
const MOMENTS_MAX = 4;

/** What the kernel generates itself (trampolines, BPF programs) is in no module: nothing is known of where it ends. */
const GENERATED_MAX = 0x1000;

/** Where symbols and modules are told. */
export interface SymbolFiles {
  readonly kallsyms: string;
  readonly modules: string;
}

const FILES: SymbolFiles = { kallsyms: "/proc/kallsyms", modules: "/proc/modules" };

/**
 * Names code addresses. An address in a module is looked up among the modules that there are now; what stands where no
 * module is known has no name: another module's would be wrong.
 */
export class Symbols {
  /** Of the beginning. */
  readonly kallsyms: Kallsyms;
  readonly #files: SymbolFiles;
  /** The latest first. */
  readonly #moments: Moment[] = [];

  /** @throws RecorderError as Kallsyms.read */
  constructor(files: SymbolFiles = FILES) {
    this.#files = files;
    this.kallsyms = this.#add(readModules(files.modules));
  }

  /** The function that contains an address. */
  resolve(address: bigint): Place | undefined {
    const found = this.#moments[0]?.kallsyms.resolve(address);
    // The kernel itself stays where it is.
    if (found && found.module === undefined) return found;
    const modules = readModules(this.#files.modules);
    const now = moduleAt(modules, address);
    const isKnown =
      now === undefined || this.#moments[0]?.modules.get(now)?.start === modules.get(now)?.start;
    if (!isKnown) this.#add(modules);
    for (const moment of this.#moments) {
      const place = placeIn(moment, address);
      if (place) return place;
    }
    return undefined;
  }

  #add(modules: ReadonlyMap<string, Range>): Kallsyms {
    const kallsyms = Kallsyms.read(this.#files.kallsyms);
    this.#moments.unshift({ kallsyms, modules });
    // The first one is kept: most of what is asked for is of its time.
    if (this.#moments.length > MOMENTS_MAX) this.#moments.splice(-2, 1);
    return kallsyms;
  }
}

function placeIn({ kallsyms, modules }: Moment, address: bigint): Place | undefined {
  const place = kallsyms.resolve(address);
  if (place?.module === undefined) return place;
  const range = modules.get(place.module);
  const isIn = range ? address >= range.start && address < range.end : place.offset < GENERATED_MAX;
  return isIn ? place : undefined;
}

/** Modules by name, and where they are. proc(5), /proc/modules: name, size, users, by whom, state, address. */
function readModules(path: string): Map<string, Range> {
  const modules = new Map<string, Range>();
  for (const line of readIfAny(path).split("\n")) {
    const [name = "", size = "", , , , address = ""] = line.split(" ");
    if (!/^\d+$/.test(size) || !/^0x[0-9a-f]+$/.test(address)) continue;
    const start = BigInt(address);
    modules.set(name, { start, end: start + BigInt(size) });
  }
  return modules;
}

/** Kernels without modules have no such file. */
function readIfAny(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** From 6.4 on sizes are of all parts of a module, and its code is at the start: so ranges overlap, and the last is it. */
function moduleAt(modules: ReadonlyMap<string, Range>, address: bigint): string | undefined {
  const covering = [...modules].filter(([, { start, end }]) => address >= start && address < end);
  return covering.toSorted(([, a], [, b]) => (a.start < b.start ? 1 : -1))[0]?.[0];
}
