// What recording cost, as the STATS chunks tell.
import { asList, asNumber, asNumberIfAny, asObject, asText, asTextIfAny, present } from "./json.js";

/** A count that belongs to a code address, which is written as text. */
export interface AddressCount {
  readonly address: string;
  readonly count: number;
}

/** Hits of a probe that the kernel did not give to the program. */
export interface Miss {
  /** Name of the probe; where several were attached together, of the first. */
  readonly probe: string;
  readonly type: string;
  /** How many more probes these may be of. */
  readonly others: number;
  readonly count: number;
}

/** Of a BPF program. */
export interface ProgramCost {
  readonly name: string;
  /** Runs and their time in ns: 0 unless the kernel's statistics of BPF were switched on. */
  readonly runs: number;
  readonly runTimeNs: number;
  /** Runs that were skipped as the CPU was running a program already. Absent where the kernel does not say. */
  readonly skipped?: number | undefined;
}

/** All of it. */
export interface Cost {
  /** Whether the kernel tells of all misses (from 6.7). If not, those that are known are some of them. */
  readonly missesKnown: boolean;
  readonly misses: readonly Miss[];
  readonly programs: readonly ProgramCost[];
  /** Packets that a probe saw and the filter did not want; known when a recording has been closed. */
  readonly unwanted: readonly AddressCount[];
}

/** The recorder's own time and memory. */
export interface RecorderCost {
  readonly userMicroseconds: number;
  readonly systemMicroseconds: number;
  readonly maxResidentKib: number;
}

/** Hits that the kernel is known not to have given to the programs. */
export function missedHits({ misses, programs }: Cost): number {
  const counts = [...misses.map(({ count }) => count), ...programs.map(({ skipped }) => skipped ?? 0)];
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The cost in the JSON of a STATS chunk; undefined if it says nothing of it, as those of older recorders. */
export function readCost(stats: unknown): Cost | undefined {
  const cost = asObject(stats)["cost"];
  if (typeof cost !== "object" || cost === null) return undefined;
  const object = asObject(cost);
  return {
    missesKnown: object["missesKnown"] === true,
    misses: asList(object["misses"], (item) => {
      const { probe, type, others, count } = asObject(item);
      return { probe: asText(probe), type: asText(type), others: asNumber(others), count: asNumber(count) };
    }),
    programs: asList(object["programs"], (item) => {
      const { name, runs, runTimeNs, skipped } = asObject(item);
      return present<ProgramCost>({
        name: asText(name),
        runs: asNumber(runs),
        runTimeNs: asNumber(runTimeNs),
        skipped: asNumberIfAny(skipped),
      });
    }),
    unwanted: readAddressCounts(object["unwanted"]),
  };
}

/** The recorder's own part of the JSON of a STATS chunk. */
export function readRecorderCost(stats: unknown): RecorderCost | undefined {
  const recorder = asObject(stats)["recorder"];
  if (typeof recorder !== "object" || recorder === null) return undefined;
  const { userMicroseconds, systemMicroseconds, maxResidentKib } = asObject(recorder);
  return {
    userMicroseconds: asNumber(userMicroseconds),
    systemMicroseconds: asNumber(systemMicroseconds),
    maxResidentKib: asNumber(maxResidentKib),
  };
}

/** A list of counts by address, as JSON has it; what is none is left out. */
export function readAddressCounts(list: unknown): AddressCount[] {
  return asList(list, (item) => {
    const { address, count } = asObject(item);
    const text = asTextIfAny(address);
    if (text === undefined || !/^0x[0-9a-f]{1,16}$/i.test(text) || typeof count !== "number")
      return undefined;
    return { address: text, count };
  });
}
