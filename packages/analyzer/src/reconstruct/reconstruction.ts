// From a recording's events to rows: who asks says which tables, and gets them as they become certain.
import { type EventBatch, EventKind, NO_CPU, type RecordingReader, uuidText } from "@skbtracer/format";
import { Names } from "../event/names.js";
import { filterIn } from "../filter/packet-filter.js";
import { type PacketFilter, type PacketSelection, packetSelection } from "../filter/packet-selection.js";
import type { Block } from "../tables/block.js";
import { blockOf } from "../tables/block.js";
import type { DropRow, LossRow, TraversalRow } from "../tables/rows.js";
import type { TableName } from "../tables/schema.js";
import { eventBlock, selectRows } from "./event-block.js";
import { dropRow, eventRow, traversalRow } from "./event-rows.js";
import { FollowedPath, type PathEvent } from "./followed-path.js";
import { hostRows } from "./host-rows.js";
import { decisionText, type Family, type Life } from "./life.js";
import { type FollowedBatch, Lives, type LivesOptions } from "./lives.js";
import { incompleteBecause, type PathContext } from "./path-rows.js";
import type { PathShapes } from "./path-shapes.js";

/** What is wanted of a recording. */
export interface Demand {
  readonly tables: ReadonlySet<TableName>;
  /** Paths in which an event matches, and what belongs to them from then on. */
  readonly filter?: PacketFilter;
  /** Rows of `paths` need not say which packet it was, nor the time of each hop. */
  readonly shapesOnly?: boolean;
  /** Counts paths by shape, in the place of rows of them. */
  readonly shapes?: PathShapes;
  /** Give paths with their events, and a path and its clones together: when the last of them has ended. */
  readonly pathEvents?: boolean;
  /** Give those events with their stacks. */
  readonly stacks?: boolean;
}

/** What a batch of events has made certain. */
export interface Found {
  /** `events`, in columns. */
  readonly events: Block | undefined;
  readonly drops: readonly DropRow[];
  readonly traversals: readonly TraversalRow[];
  readonly paths: readonly FollowedPath[];
  /** The events themselves, and the lives that they belong to. */
  readonly followed: FollowedBatch;
}

/** Events of a damaged chunk would have been given by the end of this many rounds of the recorder. */
const GAP_ROUNDS = 3;

/** Most events that are kept of one path. */
const PATH_EVENTS_MAX = 4000;

/** Reconstructs one recording, whose reader gives the batches. */
export class Reconstruction {
  readonly #reader: RecordingReader;
  readonly #demand: Demand;
  readonly #selection: PacketSelection | undefined;
  readonly #packets: LivesOptions["packets"] = "none";
  #lives: Lives | undefined;
  #endsRecorded: boolean | undefined;
  #names: Names | undefined;
  #context: PathContext | undefined;
  #startUnixNs: bigint | null = null;
  #eventCount = 0;
  #dropCount = 0;
  #traversalCount = 0;
  #pathCount = 0;
  #incompleteCount = 0;
  #damagedPlaces = 0;
  readonly #damageGaps: LossRow[] = [];
  #openGap: { afterNs: number; untilRound: number } | undefined;
  #lastNs = 0;
  readonly #eventsOf = new Map<Life, PathEvent[]>();
  readonly #decisionsOf = new Map<Life, Map<number, string>>();
  readonly #families = new Map<Family | Life, FollowedPath[]>();

  constructor(reader: RecordingReader, demand: Demand) {
    this.#reader = reader;
    this.#demand = demand;
    this.#selection = demand.filter && packetSelection(demand.filter);
    const ofPaths = demand.tables.has("paths") && !demand.shapesOnly;
    // A pass can show nothing of its packet: then it is the one that was seen before.
    const ofRows = ofPaths || demand.tables.has("events") || demand.tables.has("traversals");
    if (this.#selection || ofRows || demand.pathEvents) this.#packets = "all";
    else if (demand.tables.has("drops")) this.#packets = "drops";
  }

  /** UUID of the recording. */
  get recording(): string {
    const { fileHeader } = this.#reader;
    return fileHeader ? uuidText(fileHeader.uuid) : "unknown";
  }

  /** What the recording's functions and devices are called by number. */
  get lives(): Lives {
    return this.#begin().lives;
  }

  /** ns since 1970 at the recording's start; null if it has no pair of clocks. */
  get startUnixNs(): bigint | null {
    this.#begin();
    return this.#startUnixNs;
  }

  /** Skbs in flight now: what memory depends on. */
  get inFlight(): number {
    return this.#lives?.inFlight ?? 0;
  }

  /**
   * Whether every end of an skb was probed, as far as was known when the recording's first events came: by that they were
   * followed, though a description of the host that comes later may know better.
   */
  get endsRecorded(): boolean {
    if (this.#endsRecorded !== undefined) return this.#endsRecorded;
    return (this.#reader.environment?.probes ?? []).some(
      ({ event, type, status }) => event === "free" && type === "kprobe" && status === "attached",
    );
  }

  /** Takes the next batch of the reader. */
  take(batch: EventBatch): Found {
    const { lives, context, names } = this.#begin();
    this.#noticeDamage(lives, batch);
    const followed = lives.follow(batch);
    if (this.#openGap) for (const life of followed.lives) if (life) life.damaged = true;
    const firstEvent = this.#eventCount + 1;
    this.#eventCount += batch.length;
    const drops: DropRow[] = [];
    const traversals: TraversalRow[] = [];
    const wants = (table: TableName): boolean => this.#demand.tables.has(table);
    const { pathEvents } = this.#demand;
    if (wants("drops") || wants("traversals") || pathEvents) {
      const kinds = batch.narrow("kind");
      for (let i = 0; i < batch.length; i++) {
        const kind = kinds[i];
        const life = followed.lives[i];
        if (!life) continue;
        if (pathEvents) this.#keep(life, followed, i, firstEvent);
        const event = firstEvent + i;
        if (kind === EventKind.DROP) {
          const number = ++this.#dropCount;
          if (wants("drops") && followed.matched[i])
            drops.push(dropRow({ followed, i, event, number, life, lives, context, names }));
        } else if (kind === EventKind.TRAVERSAL || kind === EventKind.HOOK) {
          const number = ++this.#traversalCount;
          if (wants("traversals") && followed.matched[i])
            traversals.push(traversalRow({ followed, i, event, number, life, lives, context, names }));
        }
      }
    }
    return {
      events: wants("events") ? this.#events(followed, firstEvent, context) : undefined,
      drops,
      traversals,
      paths: this.#finishPaths(followed.ended),
      followed,
    };
  }

  /** After the last batch: the paths that had not ended. */
  finish(): FollowedPath[] {
    if (this.#openGap) this.#closeGap(this.#reader.lastNs ?? this.#openGap.afterNs);
    const { lives } = this.#begin();
    if (this.#reader.damagedPlaces > this.#damagedPlaces) {
      // Behind the last events: a torn end.
      lives.markDamaged();
      this.#openGap = { afterNs: this.#lastNs, untilRound: 0 };
      this.#closeGap(this.#reader.ended?.atNs ?? this.#lastNs);
    }
    return this.#finishPaths(lives.finish());
  }

  /** After `finish`: a block for each other table that was asked for. */
  *hostBlocks(): Generator<Block> {
    const rows = hostRows(this.#reader, {
      recording: this.recording,
      startUnixNs: this.#startUnixNs,
      paths: this.#pathCount,
      incompletePaths: this.#incompleteCount,
      endsRecorded: this.endsRecorded,
      damageGaps: this.#damageGaps,
      functions: this.#lives?.functions,
    });
    for (const table of ["meta", "losses", "probes", "interfaces", "rules"] as const)
      if (this.#demand.tables.has(table)) yield blockOf(table, rows[table]);
  }

  #begin(): { lives: Lives; context: PathContext; names: Names } {
    const reader = this.#reader;
    this.#names ??= new Names(reader.environment, reader.dictionary, reader.rules);
    // Where ends are guessed, packets are what they are guessed by.
    const endsRecorded = (this.#endsRecorded ??= this.endsRecorded);
    const packets = endsRecorded ? this.#packets : "all";
    if (packets === "none") reader.repeatBytes = false;
    const lives = (this.#lives ??= new Lives(this.#names, endsRecorded, this.#livesOptions(packets)));
    if (!this.#context) {
      this.#startUnixNs = startUnixNs(reader);
      this.#context = {
        recording: this.recording,
        lives,
        endsRecorded,
        lostBetween: {
          on: (cpu, from, to) => reader.lostBetween(cpu, from, to) || reader.lostBetween(NO_CPU, from, to),
          anywhere: (from, to) => reader.lostAnywhere(from, to),
        },
        unixNs: (timeNs) =>
          this.#startUnixNs === null ? null : this.#startUnixNs + BigInt(Math.round(timeNs)),
      };
    }
    return { lives, context: this.#context, names: this.#names };
  }

  #livesOptions(packets: LivesOptions["packets"]): LivesOptions {
    const { filter, tables, shapesOnly } = this.#demand;
    // By now the recording has said what its namespaces are called.
    const selection = filter && packetSelection(filterIn(filter, this.#reader.environment?.namespaces ?? []));
    return {
      packets,
      hopTimes: tables.has("paths") && !shapesOnly,
      wanted: selection?.packet,
      wantedFrame: selection?.frame,
      wantedAt: selection?.place,
    };
  }

  /** Events that stood in a damaged part of the file came after those given so far, and before some that follow. */
  #noticeDamage(lives: Lives, batch: EventBatch): void {
    const places = this.#reader.damagedPlaces;
    if (places > this.#damagedPlaces) {
      this.#damagedPlaces = places;
      lives.markDamaged();
      this.#openGap ??= { afterNs: this.#lastNs, untilRound: 0 };
      this.#openGap.untilRound = this.#reader.rounds + GAP_ROUNDS;
    } else if (this.#openGap && this.#reader.rounds > this.#openGap.untilRound)
      this.#closeGap(batch.times[0] ?? 0);
    this.#lastNs = batch.times[batch.length - 1] ?? this.#lastNs;
  }

  #closeGap(beforeNs: number): void {
    if (!this.#openGap) return;
    const { recording } = this;
    const { afterNs } = this.#openGap;
    this.#damageGaps.push({
      recording,
      cpu: null,
      after_ns: afterNs,
      before_ns: Math.max(afterNs, beforeNs),
      count: null,
      probe: null,
      cause: "damage",
    });
    this.#openGap = undefined;
  }

  #isWanted(life: Life): boolean {
    return this.#selection === undefined || life.matched;
  }

  #events(followed: FollowedBatch, firstEvent: number, { recording, lives }: PathContext): Block {
    const block = eventBlock(followed, firstEvent, { recording, lives, startUnixNs: this.#startUnixNs });
    if (!this.#selection) return block;
    return selectRows(block, (i) => followed.matched[i] === 1);
  }

  #finishPaths(ended: readonly Life[]): FollowedPath[] {
    const { context } = this.#begin();
    const wanted = this.#demand.tables.has("paths");
    if (!wanted && !this.#demand.tables.has("meta")) return [];
    const finished: FollowedPath[] = [];
    const { shapes } = this.#demand;
    for (const life of ended) {
      if (shapes) {
        const isComplete = incompleteBecause(life, context) === null;
        if (this.#isWanted(life)) shapes.addLife(life, context.lives, isComplete);
        continue;
      }
      const one = new FollowedPath(
        life,
        context,
        this.#eventsOf.get(life) ?? [],
        this.#decisionsOf.get(life),
      );
      this.#eventsOf.delete(life);
      this.#decisionsOf.delete(life);
      this.#pathCount++;
      if (one.incompleteBecause !== null) this.#incompleteCount++;
      if (!wanted || !this.#isWanted(life)) continue;
      if (!this.#demand.pathEvents) finished.push(one);
      else addTo(this.#families, life.family ?? life, one);
    }
    return this.#demand.pathEvents ? this.#wholeFamilies(ended) : finished;
  }

  /** The families of which the last member has ended, each in the order in which its paths began. */
  #wholeFamilies(ended: readonly Life[]): FollowedPath[] {
    const whole: FollowedPath[] = [];
    for (const life of ended) {
      const isWhole = !life.family || life.family.open === 0;
      const key = life.family ?? life;
      const members = isWhole ? this.#families.get(key) : undefined;
      if (!members) continue;
      this.#families.delete(key);
      whole.push(...members.toSorted((a, b) => a.life.id - b.life.id));
    }
    return whole;
  }

  #keep(life: Life, followed: FollowedBatch, i: number, firstEvent: number): void {
    let events = this.#eventsOf.get(life);
    if (!events) {
      events = [];
      this.#eventsOf.set(life, events);
    }
    if (events.length >= PATH_EVENTS_MAX) return;
    const { context, lives, names } = this.#begin();
    const row = eventRow(followed, i, firstEvent + i, life, lives, context);
    const stack = this.#demand.stacks && names.stackText(followed.batch.narrow("stack_id")[i] ?? -1);
    events.push(stack ? { ...row, stack } : row);
    const decision = followed.decisions.get(i);
    const text = decision && decisionText(decision.handle, decision.text);
    if (text === undefined) return;
    const decisions = this.#decisionsOf.get(life) ?? new Map<number, string>();
    this.#decisionsOf.set(life, decisions.set(firstEvent + i, text));
  }
}

function addTo<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** By the first pair of clocks: one for the whole recording, so that differences of times are those of its own clock. */
function startUnixNs({ clocks, startNs }: RecordingReader): bigint | null {
  const [clock] = clocks;
  return clock ? startNs - clock.monotonicNs + clock.realtimeNs : null;
}
