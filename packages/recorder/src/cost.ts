// What a recording costs: runs of the programs, hits that the kernel could not give them, packets looked at in vain.
import { closeSync } from "node:fs";
import type { Cost, Miss } from "@skbtracer/format";
import type { TriedProbe } from "./bpf/attach.js";
import type { Program } from "./bpf/program.js";
import type { Libbpf, Pointer } from "./ffi/libbpf.js";
import { countsByAddress } from "./ffi/count-map.js";

/** enum bpf_stats_type: count runs and their time. */
const BPF_STATS_RUN_TIME = 0;

/** Asks the kernel what the probes of one recording have cost. */
export class CostMeter {
  readonly #libbpf: Libbpf;
  readonly #program: Program;
  readonly #cpus: number;
  /** Probes by the link that they share. */
  readonly #links = new Map<Pointer, TriedProbe["probe"][]>();
  readonly #statsFd: number;
  #last: Cost | undefined;

  /** @param cpus possible ones @param countRuns have the kernel count runs and their time until `stop` */
  constructor(
    libbpf: Libbpf,
    program: Program,
    tried: readonly TriedProbe[],
    cpus: number,
    countRuns: boolean,
  ) {
    this.#libbpf = libbpf;
    this.#program = program;
    this.#cpus = cpus;
    for (const { probe, link } of tried) {
      if (link === undefined) continue;
      const sharing = this.#links.get(link);
      if (sharing) sharing.push(probe);
      else this.#links.set(link, [probe]);
    }
    this.#statsFd = countRuns ? libbpf.enableStats(BPF_STATS_RUN_TIME) : -1;
  }

  /** The cost so far, without the packets that were not wanted; once stopped, all of it. */
  read(): Cost {
    return this.#last ?? this.#read(false);
  }

  /** Keeps the cost so far: the probes are about to be detached. */
  stop(): void {
    this.#last ??= this.#read(true);
    if (this.#statsFd >= 0) closeSync(this.#statsFd);
  }

  #read(withUnwanted: boolean): Cost {
    const programs = this.#program.counts();
    const misses: Miss[] = [];
    let missesKnown = programs.every(({ skipped }) => skipped !== undefined);
    for (const [link, [probe, ...others]] of this.#links) {
      if (!probe || probe.type === "raw_tracepoint") continue;
      const count = this.#program.missed(link);
      if (count === undefined) missesKnown = false;
      else if (count > 0) misses.push({ probe: probe.name, type: probe.type, others: others.length, count });
    }
    const unwanted = withUnwanted
      ? countsByAddress(this.#libbpf, this.#program.mapFd("unwanted"), this.#cpus)
      : [];
    return { missesKnown, misses, programs, unwanted };
  }
}
