// What commands with answers read: recordings and databases, one behind the other, as the same rows.
import {
  type AnyRow,
  type Block,
  blockOf,
  type Demand,
  type DropGroups,
  type DropRow,
  type FinishedPath,
  type Found,
  functionNames,
  type FunctionNames,
  type PacketFilter,
  pathBlock,
  type PathShapes,
  Reconstruction,
  rowAt,
  type TableName,
  type TraversalRow,
} from "@skbtracer/analyzer";
import { type Environment, type ReadMode, RecordingReader } from "@skbtracer/format";
import { printNotes } from "../commands/notes.js";
import { ReadProgress } from "../io/read-progress.js";
import { isRegularDatabase, readRecording } from "../io/recording-file.js";
import { noteUndecided } from "../options/expression-option.js";
import { readDatabase } from "./database-source.js";
import { OnlyOnce } from "./only-once.js";

/** What to read, and how. */
export interface SourceOptions {
  readonly tables: ReadonlySet<TableName>;
  readonly filter: PacketFilter;
  readonly mode: ReadMode;
  /** See `Demand`. */
  readonly shapesOnly?: boolean;
  readonly shapes?: PathShapes;
  readonly pathEvents?: boolean;
  readonly stacks?: boolean;
  /** Takes all drops of recordings, in the place of rows of them. */
  readonly dropGroups?: DropGroups;
  /** Do not say on standard error what is missing: it was said when the file was read before. */
  readonly quiet?: boolean;
  /** Says on a terminal how far each recording has been read, and what is done meanwhile: "importing". */
  readonly doing?: string;
  /** Given a recording before its first rows, and after its last: for what rows do not say. */
  readonly onRecording?: (reconstruction: Reconstruction, reader: RecordingReader) => void;
}

/** Where and when a recording began. */
export interface HostFacts {
  readonly host: string | null;
  readonly startUnixNs: bigint | null;
}

/** Some of the rows that were asked for; paths, drops, traversals and events are of one recording. */
export interface Rows {
  readonly paths: readonly FinishedPath[];
  readonly drops: readonly DropRow[];
  readonly traversals: readonly TraversalRow[];
  readonly events: Block | undefined;
  /** Blocks of the other tables. */
  readonly others: readonly Block[];
  /** Network namespaces that the rows' recording lists, by inode, with the names of those that have one. */
  readonly namespaces: ReadonlyMap<number, string | undefined>;
  /** Names of functions in the probe table. */
  readonly functions: FunctionNames;
  /** Of the recordings that the rows are from, by their UUIDs. */
  readonly hosts: ReadonlyMap<string, HostFacts>;
  /** Of a recording: its events as they were followed. */
  readonly found?: Found;
}

/** One of the files. */
interface Source {
  readonly file: string;
  /** Before what is said of it, where there are several. */
  readonly named: string | undefined;
  /** @throws UsageError if the recording that is being read was in a file before */
  readonly checkNew: (reader: RecordingReader) => void;
}

/**
 * The rows of all files, one file after another; says on standard error what is missing in each.
 * @throws UsageError if a recording is in two of them
 */
export async function* readSources(files: readonly string[], options: SourceOptions): AsyncGenerator<Rows> {
  const once = new OnlyOnce(files);
  await once.checkAhead();
  for (const [at, file] of files.entries()) {
    const named = files.length > 1 ? file : undefined;
    const source: Source = { file, named, checkNew: (reader) => once.checkRead(at, reader) };
    if (await isRegularDatabase(file)) yield* await readDatabase(file, options);
    else if (options.dropGroups) await countDrops(source, options.mode, options.dropGroups);
    else yield* readOneRecording(source, options);
  }
}

/** Without following a packet: half as fast again as with rows of drops. */
async function countDrops(
  { file, named, checkNew }: Source,
  mode: ReadMode,
  groups: DropGroups,
): Promise<void> {
  const reader = new RecordingReader({ mode, repeatBytes: false });
  const count = groups.ofRecording(reader);
  for await (const batch of readRecording(file, reader)) {
    checkNew(reader);
    count(batch);
  }
  printNotes(reader, named);
}

async function* readOneRecording(
  { file, named, checkNew }: Source,
  options: SourceOptions,
): AsyncGenerator<Rows> {
  const {
    tables,
    filter,
    mode,
    shapesOnly = false,
    pathEvents = false,
    stacks = false,
    shapes,
    doing,
    onRecording,
    quiet = false,
  } = options;
  const reader = new RecordingReader({ mode });
  const demand: Demand = { tables, filter, shapesOnly, pathEvents, stacks, ...(shapes && { shapes }) };
  const reconstruction = new Reconstruction(reader, demand);
  const namespaces = new Map<number, string | undefined>();
  const hosts = new Map<string, HostFacts>();
  let functions: FunctionNames | undefined;
  const none: Rows = {
    paths: [],
    drops: [],
    traversals: [],
    events: undefined,
    others: [],
    namespaces,
    functions: new Map(),
    hosts,
  };
  const progress = doing === undefined ? undefined : new ReadProgress(file, doing);
  // Who has enough rows does not come back behind a `yield`.
  let isLeft = true;
  try {
    for await (const batch of readRecording(file, reader)) {
      checkNew(reader);
      progress?.show(reader.bytes, reader.events);
      if (namespaces.size === 0)
        for (const { inode, name } of reader.environment?.namespaces ?? []) namespaces.set(inode, name);
      functions ??= reader.environment && functionNames(probesOf(reader.environment));
      if (hosts.size === 0) {
        const host = reader.environment?.host.hostname ?? null;
        hosts.set(reconstruction.recording, { host, startUnixNs: reconstruction.startUnixNs });
        onRecording?.(reconstruction, reader);
      }
      const found = reconstruction.take(batch);
      yield { ...none, ...(functions && { functions }), ...found, found };
    }
    yield {
      ...none,
      ...(functions && { functions }),
      paths: reconstruction.finish(),
      others: [...reconstruction.hostBlocks()],
    };
    isLeft = false;
  } catch (error) {
    isLeft = false;
    throw error;
  } finally {
    progress?.end();
    if (isLeft && !quiet) printNotes(reader, named, false);
  }
  if (quiet) return;
  printNotes(reader, named);
  noteUndecided(filter);
  if (reader.environment && !reconstruction.endsRecorded && tables.has("paths"))
    process.stderr.write(
      "skbtracer: not all ends of packets were probed (no kprobes): where one path ends and the next begins is a guess, and none is complete\n",
    );
}

function probesOf({ probes }: Environment): { probe: string; symbol: string }[] {
  return probes.map(({ name, symbol = "" }) => ({ probe: name, symbol }));
}

/** Rows as blocks, table by table: what exporters take. */
export function blocksOf(rows: Rows): Block[] {
  const blocks: Block[] = [];
  if (rows.events && rows.events.length > 0) blocks.push(rows.events);
  if (rows.paths.length > 0) blocks.push(pathBlock(rows.paths));
  if (rows.drops.length > 0) blocks.push(blockOf("drops", rows.drops));
  if (rows.traversals.length > 0) blocks.push(blockOf("traversals", rows.traversals));
  return [...blocks, ...rows.others.filter(({ length }) => length > 0)];
}

/** The rows of the other tables as objects. */
export function otherRows({ others }: Rows, table: TableName): AnyRow[] {
  return others
    .filter((block) => block.table === table)
    .flatMap((block) => Array.from({ length: block.length }, (_, i) => rowAt(block, i)));
}
