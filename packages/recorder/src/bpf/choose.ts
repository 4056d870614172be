// What --probes means: names, globs and sets, held against what this kernel offers.
import { RecorderError } from "../errors.js";
import type { OfferedFunction } from "./offer.js";
import { PROBE_SETS, type ProbeSet } from "./probe-sets.js";
import { FUNCTION_PROBES, SIGHT_ARGUMENTS_MAX } from "./probe-table.js";

/** How many functions a glob may match by default. */
export const GLOB_MATCHES_MAX = 2000;

/** A name that no function of this kernel and no set has. */
export class UnknownProbeError extends RecorderError {
  override readonly name = "UnknownProbeError";
  readonly unknown: string;
  /** Names that there are. */
  readonly known: readonly string[];

  constructor(unknown: string, known: readonly string[]) {
    super(
      `--probes: no set, and no function of this kernel that takes an skb, is called ${JSON.stringify(unknown)}`,
    );
    this.unknown = unknown;
    this.known = known;
  }
}

/** A function that was asked for. */
export interface ChosenFunction {
  readonly name: string;
  readonly module: string | undefined;
  /** What the kernel has of it; undefined for one of a set or of the probe table that it lacks. */
  readonly offered: OfferedFunction | undefined;
  readonly withReturn: boolean;
}

const RETURN = "%return";
const GLOB = /[*?[\]]/;

/**
 * The functions that are meant, each once.
 * @param patterns names, globs and sets, each perhaps with `%return`
 * @param globMax how many functions a glob may match
 * @throws RecorderError for an unknown name, a glob without or with too many matches
 */
export function chooseFunctions(
  patterns: readonly string[],
  offered: readonly OfferedFunction[],
  globMax: number = GLOB_MATCHES_MAX,
): ChosenFunction[] {
  const byName = new Map<string, OfferedFunction[]>();
  for (const one of offered) {
    const same = byName.get(one.name);
    if (same) same.push(one);
    else byName.set(one.name, [one]);
  }
  const chosen = new Map<string, ChosenFunction>();
  const add = (
    name: string,
    module: string | undefined,
    one: OfferedFunction | undefined,
    withReturn: boolean,
  ): void => {
    const key = `${name} ${module ?? ""}`;
    chosen.set(key, {
      name,
      module,
      offered: one,
      withReturn: withReturn || (chosen.get(key)?.withReturn ?? false),
    });
  };
  for (const pattern of patterns) {
    const withReturn = pattern.endsWith(RETURN);
    const name = withReturn ? pattern.slice(0, -RETURN.length) : pattern;
    if (name === "" || name.includes("%"))
      throw new RecorderError(
        `--probes: ${JSON.stringify(pattern)} is not a name, a glob or a set, perhaps with ${RETURN} after it`,
      );
    for (const [found, one] of matches(name, byName, globMax)) add(found, one?.module, one, withReturn);
  }
  return [...chosen.values()];
}

type Match = readonly [name: string, offered: OfferedFunction | undefined];

function matches(
  name: string,
  byName: ReadonlyMap<string, readonly OfferedFunction[]>,
  globMax: number,
): Match[] {
  const named = (wanted: string): Match[] =>
    byName.get(wanted)?.map((one): Match => [wanted, one]) ?? [[wanted, undefined]];
  const set = PROBE_SETS.find((candidate) => candidate.name === name);
  if (set) return [...set.names.flatMap(named), ...included(set, byName)];
  if (GLOB.test(name)) return globbed(name, byName, globMax);
  if (byName.has(name) || FUNCTION_PROBES.some((probe) => probe.name === name)) return named(name);
  throw new UnknownProbeError(name, [...PROBE_SETS.map((one) => one.name), ...byName.keys()]);
}

function included(set: ProbeSet, byName: ReadonlyMap<string, readonly OfferedFunction[]>): Match[] {
  return [...byName.values()]
    .flat()
    .filter(({ name, module, argument }) => argument <= SIGHT_ARGUMENTS_MAX && set.includes(name, module))
    .map((one) => [one.name, one]);
}

function globbed(
  glob: string,
  byName: ReadonlyMap<string, readonly OfferedFunction[]>,
  globMax: number,
): Match[] {
  const expression = globExpression(glob);
  const found = [...byName.values()]
    .flat()
    .filter(({ name }) => expression.test(name))
    .map((one): Match => [one.name, one]);
  if (found.length === 0)
    throw new RecorderError(
      `--probes: ${JSON.stringify(glob)} matches none of the ${byName.size} functions of this kernel that take an ` +
        "skb; `skbtracer probes` lists them",
    );
  if (found.length > globMax)
    throw new RecorderError(
      `--probes: ${JSON.stringify(glob)} matches ${found.length} functions, more than ${globMax}: narrow it, or ` +
        `allow it with --probes-max ${found.length}`,
    );
  return found;
}

/**
 * A glob as a regular expression: `*`, `?` and `[...]` as in glob(7).
 * @throws RecorderError if a bracket is not closed
 */
export function globExpression(glob: string): RegExp {
  let source = "";
  for (let at = 0; at < glob.length; at++) {
    const letter = glob[at] ?? "";
    if (letter === "*") source += ".*";
    else if (letter === "?") source += ".";
    else if (letter === "[") {
      const end = glob.indexOf("]", at + 2);
      if (end < 0) throw new RecorderError(`--probes: ${JSON.stringify(glob)} has a [ without its ]`);
      const inside = glob.slice(at + 1, end).replaceAll("\\", "\\\\");
      source += `[${inside.startsWith("!") ? `^${inside.slice(1)}` : inside.replace(/^\^/, "\\^")}]`;
      at = end;
    } else source += letter.replace(/[.+^${}()|\\\]]/, "\\$&");
  }
  try {
    return new RegExp(`^${source}$`);
  } catch {
    throw new RecorderError(`--probes: ${JSON.stringify(glob)} is not a glob`);
  }
}
