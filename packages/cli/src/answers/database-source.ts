// Rows from a database made by import, as a recording would give them.
import {
  blockOf,
  decisionText,
  type DropRow,
  type EventRow,
  type FinishedPath,
  functionNames,
  type PathEvent,
  type PacketFilter,
  type PathRow,
  type TableName,
  TABLES,
  type TraversalRow,
} from "@skbtracer/analyzer";
import type { openDatabase } from "@skbtracer/analyzer/sqlite";
import { UsageError } from "../options/usage-error.js";
import { escapeText } from "../print/escape.js";
import type { Rows, SourceOptions } from "./sources.js";

type Db = ReturnType<typeof openDatabase>;

/** Rows at a time. */
const BATCH = 4096;

/** The rows of a database. The addon is loaded only now: other commands do without. */
export async function readDatabase(file: string, options: SourceOptions): Promise<Iterable<Rows>> {
  if (options.filter.expression)
    throw new UsageError(
      `${file} is a database, which has no packets' bytes: filter expressions are for recordings`,
    );
  const { openDatabase: openFile } = await import("@skbtracer/analyzer/sqlite");
  return rowsOf(openFile(file), file, options);
}

function* rowsOf(
  db: Db,
  file: string,
  { tables, filter, pathEvents = false, stacks = false, quiet = false }: SourceOptions,
): Generator<Rows> {
  const named = namespacesOf(db);
  const probes = db.prepare("SELECT probe, symbol FROM probes WHERE symbol IS NOT NULL").all();
  const none: Rows = {
    paths: [],
    drops: [],
    traversals: [],
    events: undefined,
    others: [],
    namespaces: new Map(),
    functions: functionNames(probes as { probe: string; symbol: string }[]),
    hosts: hostsOf(db),
  };
  const noneOf = ([row]: readonly { readonly recording: string }[]): Rows => ({
    ...none,
    namespaces: named.get(row?.recording ?? "") ?? none.namespaces,
  });
  const followed = new Set<string>();
  let hasFailed = false;
  try {
    const isFiltered = putMatching(db, filter);
    const samePath = isFiltered ? "(recording, path) IN (SELECT recording, path FROM matching)" : "";
    if (tables.has("paths"))
      for (const paths of batches<PathRow>(db, "paths", samePath))
        yield {
          ...noneOf(paths),
          paths: pathEvents
            ? families(db, paths, followed, stacks, samePath)
            : paths.map((path) => ({ path, events: [] })),
        };
    const sameRow = isFiltered
      ? "EXISTS (SELECT 1 FROM matching m WHERE m.recording = t.recording AND m.path = t.path AND m.event <= t.event)"
      : "";
    if (tables.has("drops"))
      for (const drops of batches<DropRow>(db, "drops", sameRow)) yield { ...noneOf(drops), drops };
    if (tables.has("traversals"))
      for (const traversals of batches<TraversalRow>(db, "traversals", sameRow))
        yield { ...noneOf(traversals), traversals };
    if (tables.has("events"))
      for (const events of batches<EventRow>(db, "events", sameRow))
        yield { ...noneOf(events), events: blockOf("events", events) };
    for (const table of ["meta", "losses", "probes", "interfaces", "rules"] as const)
      if (tables.has(table))
        for (const rows of batches<object>(db, table, "")) yield { ...none, others: [blockOf(table, rows)] };
  } catch (error) {
    hasFailed = true;
    throw error;
  } finally {
    // Also for who has enough rows, and does not come back behind a `yield`.
    if (!quiet && !hasFailed) noteLosses(db, file);
    db.close();
  }
}

/** Of each recording by itself: hosts give the same numbers to other namespaces. */
function namespacesOf(db: Db): Map<string, Map<number, string | undefined>> {
  const rows = db.prepare("SELECT recording, netns, netns_name FROM interfaces").raw().all();
  const found = new Map<string, Map<number, string | undefined>>();
  for (const [recording, inode, name] of rows as [string, number, string | null][]) {
    const namespaces = found.get(recording) ?? new Map<number, string | undefined>();
    found.set(recording, namespaces.set(inode, name ?? undefined));
  }
  return found;
}

function hostsOf(db: Db): Rows["hosts"] {
  const rows = db.prepare("SELECT recording, host, start_unix_ns FROM meta").safeIntegers(true).all();
  return new Map(
    (rows as { recording: string; host: string | null; start_unix_ns: bigint | null }[]).map((row) => [
      row.recording,
      { host: row.host, startUnixNs: row.start_unix_ns },
    ]),
  );
}

/**
 * The packet filter, as the reconstruction applies it: a path matches from its first event that does, and a clone from
 * its begin if its parent has matched by then. Puts those that match into a table of the connection's own, `matching`.
 * @returns whether there is a filter: without one there is no table, and everything matches
 */
function putMatching(db: Db, filter: PacketFilter): boolean {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...bound: (string | number)[]): void => {
    conditions.push(condition);
    values.push(...bound);
  };
  if (filter.address !== undefined) add("? IN (source, destination)", filter.address);
  if (filter.port !== undefined) add("? IN (source_port, destination_port)", filter.port);
  if (filter.protocol === "icmp") add("protocol IN ('ICMP', 'ICMPv6', 'IPv6-ICMP')");
  else if (filter.protocol !== undefined && filter.protocol !== "any")
    add("protocol = ?", filter.protocol.toUpperCase());
  if (filter.icmpId !== undefined)
    add("icmp_id = ? AND (info LIKE 'request%' OR info LIKE 'reply%' OR info LIKE 'echo%')", filter.icmpId);
  if (filter.pid !== undefined) add("pid = ?", filter.pid);
  if (filter.netns !== undefined) add("netns = ?", filter.netns);
  if (filter.netnsName !== undefined)
    add(
      "netns IN (SELECT i.netns FROM interfaces_data i WHERE i.recording = e.recording AND i.netns_name = ?)",
      filter.netnsName,
    );
  if (conditions.length === 0) return false;
  db.prepare(
    `CREATE TEMP TABLE matching (recording TEXT, path INTEGER, event INTEGER, PRIMARY KEY (recording, path))
      WITHOUT ROWID`,
  ).run();
  // On the tables below the views: their indexes find a path's clones and first event.
  db.prepare(
    `WITH RECURSIVE
      direct(path, event) AS MATERIALIZED (
        SELECT e.path, min(e.event) FROM events_data e
          JOIN sites s ON s.id = e.site LEFT JOIN packets k ON k.id = e.packet
        WHERE e.path IS NOT NULL AND s.kind <> 'free'
          AND ${conditions.join(" AND ")}
        GROUP BY e.path),
      inherited(path, event) AS (
        SELECT path, event FROM direct UNION
        SELECT c.path, (SELECT min(event) FROM events_data WHERE path = c.path) AS begin
        FROM inherited i JOIN paths_data c ON c.parent = i.path WHERE begin > i.event)
      INSERT INTO matching
        SELECT m.recording, i.path - m.path_offset, min(i.event) - m.event_offset
        FROM inherited i JOIN paths_data p ON p.path = i.path JOIN recordings m ON m.id = p.recording
        GROUP BY i.path`,
  ).run(...values);
  return true;
}

const ORDER: Readonly<Partial<Record<TableName, string>>> = {
  paths: "recording, path",
  drops: 'recording, "drop"',
  traversals: "recording, traversal",
  events: "recording, event",
};

/** Of the tables that have an order, a batch has the rows of one recording. */
function* batches<Row extends object>(db: Db, table: TableName, condition: string): Generator<Row[]> {
  const columns = TABLES[table].columns.map(({ name, type }) => ({ name, wide: type === "wide" }));
  const order = ORDER[table];
  const statement = db.prepare(
    `SELECT * FROM ${table} t ${condition ? `WHERE ${condition}` : ""} ${order ? `ORDER BY ${order}` : ""}`,
  );
  const wide = columns.filter((column) => column.wide).map(({ name }) => name);
  if (wide.length > 0) statement.safeIntegers(true);
  let rows: Row[] = [];
  let last: unknown;
  for (const found of statement.iterate()) {
    const { recording } = found as { recording: unknown };
    if (order && rows.length > 0 && recording !== last) {
      yield rows;
      rows = [];
    }
    last = recording;
    rows.push(
      wide.length > 0 ? (narrowed(found as Record<string, unknown>, wide) as unknown as Row) : (found as Row),
    );
    if (rows.length === BATCH) {
      yield rows;
      rows = [];
    }
  }
  if (rows.length > 0) yield rows;
}

/** All integers come as bigints where some must. */
function narrowed(row: Record<string, unknown>, wide: readonly string[]): Record<string, unknown> {
  for (const name of Object.keys(row)) {
    const value = row[name];
    if (typeof value === "bigint" && !wide.includes(name)) row[name] = Number(value);
  }
  return row;
}

/**
 * Paths with their events, each family together behind the first of its paths; a database has the stacks of drops only.
 * @param condition which paths match; "" if all do
 */
function families(
  db: Db,
  paths: readonly PathRow[],
  followed: Set<string>,
  stacks: boolean,
  condition: string,
): FinishedPath[] {
  const eventsOf = db
    .prepare("SELECT * FROM events WHERE recording = ? AND path = ? ORDER BY event")
    .safeIntegers(true);
  const stacksOf = db
    .prepare("SELECT event, stack FROM drops WHERE recording = ? AND path = ? AND stack IS NOT NULL")
    .raw();
  const decisionsOf = db
    .prepare(
      "SELECT event, rule_handle, rule FROM traversals WHERE recording = ? AND path = ? " +
        "AND coalesce(rule_handle, rule) IS NOT NULL",
    )
    .raw();
  const childrenOf = db
    .prepare(
      `SELECT * FROM paths WHERE recording = ? AND parent = ? ${condition ? `AND ${condition}` : ""} ORDER BY path`,
    )
    .safeIntegers(true);
  const found: FinishedPath[] = [];
  const add = (path: PathRow): void => {
    const rows = (eventsOf.all(path.recording, path.path) as Record<string, unknown>[]).map(
      (row) => narrowed(row, ["unix_ns"]) as unknown as EventRow,
    );
    const dropped = stacks ? stacksOf.all(path.recording, path.path) : [];
    const stackOf = new Map(dropped as [number, string][]);
    const events = rows.map((row): PathEvent => {
      const stack = stackOf.get(row.event);
      return stack === undefined ? row : { ...row, stack };
    });
    const decisions = new Map<number, string>();
    for (const row of decisionsOf.all(path.recording, path.path)) {
      const [event, handle, rule] = row as [number, number | null, string | null];
      const text = decisionText(handle, rule);
      if (text !== undefined) decisions.set(event, text);
    }
    found.push({ path, events, decisions });
    for (const child of childrenOf.all(path.recording, path.path) as Record<string, unknown>[]) {
      const row = narrowed(child, ["unix_ns"]) as unknown as PathRow;
      followed.add(`${row.recording} ${row.path}`);
      add(row);
    }
  };
  // Those that were given with their parents come again, later.
  for (const path of paths) if (!followed.delete(`${path.recording} ${path.path}`)) add(path);
  return found;
}

interface MetaRow {
  readonly recording: string;
  readonly host: string | null;
  readonly lost: number;
  readonly missing: number;
  readonly damaged_ranges: number;
  readonly late: number;
  readonly closed: number;
  readonly ends_recorded: number;
  readonly missed: number | null;
}

/** Says on standard error what is missing in a database's recordings. */
export function noteLosses(db: Db, file: string): void {
  const rows = db
    .prepare(
      "SELECT m.*, (SELECT sum(l.count) FROM losses l WHERE l.recording = m.recording AND l.cause = 'missed') AS missed FROM meta m",
    )
    .all() as MetaRow[];
  for (const row of rows) {
    const { recording, host, lost, missing, damaged_ranges, late, closed, ends_recorded, missed } = row;
    const facts = [
      lost > 0 ? `${lost} event(s) were lost while recording` : "",
      missed ? `${missed} hit(s) of probes were missed by the kernel` : "",
      missing > 0 ? `${missing} event(s) were not in the file` : "",
      damaged_ranges > 0 ? `${damaged_ranges} part(s) of the file were damaged` : "",
      closed ? "" : "it was not closed",
      late > 0 ? `${late} event(s) may stand out of order` : "",
      ends_recorded ? "" : "not all ends of packets were probed, so that paths are guesses",
    ].filter(Boolean);
    if (facts.length > 0)
      process.stderr.write(
        `skbtracer: ${escapeText(file)}: recording ${recording} of ${escapeText(host ?? "an unknown host")}: ${facts.join("; ")}\n`,
      );
  }
}
