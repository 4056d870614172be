// What a recording can tell at all: what was lost, what was probed, and which packets were left out. From its tables, so
// that recordings and databases say the same.
import type { AnyRow } from "../tables/rows.js";
import { nearest } from "../text/nearest.js";
import type { Where } from "./expectation.js";
import { type FunctionNames, functionNames } from "./function-names.js";
import { recordedFilters, type RecordedFilter } from "./recorded-filters.js";

/** Probes by which packets of a network are seen whatever becomes of them, one of each pair. */
const ARRIVALS = ["__netif_receive_skb", "net:netif_receive_skb"];
const DEPARTURES = ["__dev_queue_xmit", "net:net_dev_queue"];
const DROPS = "skb:kfree_skb";

/** What probes record that no packet is seen at, by the kind of their events, and what to ask for instead. */
const OTHER_EVENTS: Readonly<Record<string, string>> = {
  traversal: "passes through tables: use `traversals`",
  rule: "rules of tables: use `traversals`",
  hook: "hooks that do not let packets pass: use `traversals` or `drops`",
  drop: "drops: use `drops`",
  free: "ends of packets",
  alloc: "begins of packets",
  clone: "copies of packets",
  head: "new heads of packets",
  merge: "packets that become one",
};

/** Adds to the set that a name has. */
function addTo(sets: Map<string, Set<string>>, name: string, value: string): void {
  sets.set(name, (sets.get(name) ?? new Set()).add(value));
}

function text(value: AnyRow[string] | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Knows what one or more recordings can tell. */
export class Knowledge {
  /** Why packets, or parts of their ways, may be missing without a trace. Empty: all that was probed is there. */
  readonly gaps: readonly string[];
  /** Whether all ends of skbs were probed: if not, where one path ends and the next begins is a guess. */
  readonly endsRecorded: boolean;
  /** Whether the kernel did not run some probe's program: any packet may have been there. */
  readonly hasMisses: boolean;
  /** By which packets were left out when it was recorded. */
  readonly filters: readonly RecordedFilter[];
  /** Releases of the kernels. */
  readonly kernels: readonly string[];
  readonly #refusals = new Map<string, string>();
  readonly #attached = new Set<string>();
  readonly #entered = new Set<string>();
  readonly #sights = new Set<string>();
  readonly #otherEvents = new Map<string, string>();
  readonly #canonical: FunctionNames;

  /** @param tables rows of `meta`, `probes` and `losses` */
  constructor(tables: {
    readonly meta: readonly AnyRow[];
    readonly probes: readonly AnyRow[];
    readonly losses: readonly AnyRow[];
  }) {
    const { meta, probes, losses } = tables;
    const missed = losses.reduce(
      (sum, { cause, count }) => sum + (cause === "missed" ? Number(count ?? 0) : 0),
      0,
    );
    this.hasMisses = missed > 0;
    this.gaps = [
      ...new Set(meta.flatMap(gapsOf)),
      ...(missed > 0 ? [`${missed} hit(s) of probes were missed by the kernel`] : []),
      ...(meta.length === 0 ? ["nothing could be read"] : []),
    ];
    this.endsRecorded = meta.every((row) => Number(row["ends_recorded"]) === 1);
    this.filters = meta.flatMap((row) => recordedFilters(text(row["filter"])));
    this.kernels = [...new Set(meta.map((row) => text(row["kernel"])))];
    this.#canonical = functionNames(
      probes.map(({ probe = "", symbol }) => ({ probe: text(probe), symbol: text(symbol) })),
    );
    this.#takeProbes(probes, meta.length);
  }

  #takeProbes(probes: readonly AnyRow[], recordings: number): void {
    const attachedIn = new Map<string, Set<string>>();
    const sightIn = new Map<string, Set<string>>();
    for (const row of probes) {
      const name = text(row["probe"]);
      if (row["status"] !== "attached") {
        this.#refusals.set(name, text(row["reason"]) || "it was refused");
        continue;
      }
      const recording = text(row["recording"]);
      addTo(attachedIn, name, recording);
      if (row["event"] === "sight") addTo(sightIn, name, recording);
      else this.#otherEvents.set(name, text(row["event"]));
      if (Number(row["events"] ?? 0) > 0) this.#entered.add(name);
    }
    const isInAll = (name: string, where: ReadonlySet<string>): boolean =>
      where.size >= recordings && !this.#refusals.has(name);
    for (const [name, where] of attachedIn) if (isInAll(name, where)) this.#attached.add(name);
    for (const [name, where] of sightIn) if (isInAll(name, where)) this.#sights.add(name);
  }

  /** The name that a function has in the probe table, whatever this kernel calls it. */
  canonical(name: string): string {
    return this.#canonical.get(name) ?? name;
  }

  /** Functions that packets were seen at, had they entered them. */
  get sights(): ReadonlySet<string> {
    return this.#sights;
  }

  /** Whether packets were seen at a function, had they entered it: other probes leave no step in a path. */
  isSight(name: string): boolean {
    return this.#sights.has(this.canonical(name));
  }

  /** Whether any event came from a probe. */
  wasEntered(name: string): boolean {
    return this.#entered.has(this.canonical(name));
  }

  /** Why packets would not have been seen at a function; undefined if they would. */
  whyUnseen(name: string): string | undefined {
    if (this.isSight(name)) return undefined;
    const unprobed = this.#whyUnprobed(name);
    if (unprobed !== undefined) return unprobed;
    const event = this.#otherEvents.get(this.canonical(name)) ?? "";
    const recorded = OTHER_EVENTS[event] ?? `events of the kind ${event}`;
    return `${name} is not recorded as a function that packets pass through, but as ${recorded}`;
  }

  /** Whether a probe told of all that it is for. */
  isAttached(name: string): boolean {
    return this.#attached.has(this.canonical(name));
  }

  /** Why a probe would have told nothing; undefined if it would. */
  #whyUnprobed(name: string): string | undefined {
    if (this.isAttached(name)) return undefined;
    const refusal = this.#refusals.get(this.canonical(name));
    if (refusal !== undefined) return `${name} was not probed: ${refusal}`;
    const meant = nearest(name, [...this.#sights]);
    return `${name} was not probed${meant === undefined ? "" : `: did you mean ${meant}?`}`;
  }

  /** Why drops would not have been seen. */
  whyDropsUnseen(): string | undefined {
    return this.#whyUnprobed(DROPS);
  }

  /** Why a packet as a whole would not have been seen. */
  whyPacketsUnseen(): string | undefined {
    const unseen = [ARRIVALS, DEPARTURES].find((pair) => !pair.some((name) => this.isAttached(name)));
    return unseen && this.#whyUnprobed(unseen[0] ?? "");
  }

  /** Why passes through tables would not have been seen. @param isIpv6 undefined if that is not known */
  whyTablesUnseen(isIpv6: boolean | undefined): string | undefined {
    const iptables = [
      ...(isIpv6 === true ? [] : ["ipt_do_table"]),
      ...(isIpv6 === false ? [] : ["ip6t_do_table"]),
    ];
    // nftables is for both families.
    const engines = ["nft_do_chain", ...iptables];
    const unseen = engines.find((name) => !this.isAttached(name) && !this.#isAbsent(name));
    if (unseen !== undefined) return this.#whyUnprobed(unseen);
    return engines.some((name) => this.isAttached(name)) ? undefined : this.#whyUnprobed(iptables[0] ?? "");
  }

  /** Whether the kernel did not have a function: no packet entered it. As the recorder says it (bpf/plan.ts). */
  #isAbsent(name: string): boolean {
    return this.#refusals.get(name)?.startsWith("not in this kernel") === true;
  }

  /** The filters by which some of the packets that `where` asks for may have been left out. */
  filtersBeyond(where: Where | undefined): readonly RecordedFilter[] {
    return this.filters.filter((filter) => !filter.covers(where));
  }
}

function gapsOf(meta: AnyRow): string[] {
  const count = (column: string): number => Number(meta[column] ?? 0);
  const gaps: string[] = [];
  if (count("lost") > 0) gaps.push(`${count("lost")} event(s) were lost while recording`);
  if (count("missing") > 0) gaps.push(`${count("missing")} event(s) are not in the file`);
  if (count("damaged_ranges") > 0) gaps.push(`${count("damaged_ranges")} part(s) of the file are damaged`);
  if (count("closed") === 0) gaps.push("the recording was not closed: its last moments may be missing");
  if (count("late") > 0) gaps.push(`${count("late")} event(s) may stand out of order`);
  if (meta["kernel"] === null || meta["kernel"] === undefined || meta["kernel"] === "")
    gaps.push("the description of the host is damaged or missing");
  return gaps;
}
