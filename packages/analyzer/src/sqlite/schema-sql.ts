// The database: base tables without repetition, and over them views that are the tables of the schema, column by column.
import { type ColumnDefinition, type TableName, TABLES } from "../tables/schema.js";

/** "skbt" in `PRAGMA application_id`. */
export const APPLICATION_ID = 0x736b_6274;

/** `PRAGMA user_version`: of the base tables and views. */
export const SCHEMA_VERSION = 1;

/** How a column is stored in its base table. */
export type Storage =
  /** As it is. */
  | "value"
  /** As the number of a row of `texts`: it repeats. */
  | "text"
  /** Not at all: the view has it from elsewhere. */
  | "derived";

/** Texts that many rows share, by table. */
const SHARED_TEXTS: Readonly<Partial<Record<TableName, readonly string[]>>> = {
  events: ["kind", "function"],
  paths: [
    "begin",
    "outcome",
    "incomplete_because",
    "functions",
    "interfaces",
    "namespaces",
    "cpus",
    "protocol",
    "info",
    "verdicts",
    "drop_reason",
    "drop_location",
  ],
};

/** Columns of `events` that say where: a row of `devices`. */
export const DEVICE_COLUMNS: readonly string[] = ["netns", "ifindex", "interface"];

/** Columns of `events` that say which packet: a row of `packets`. */
export const PACKET_COLUMNS: readonly string[] = [
  "protocol",
  "info",
  "source",
  "source_port",
  "destination",
  "destination_port",
  "icmp_id",
  "icmp_seq",
  "ip_len",
];

/** Numbers that count within a recording, and what they count. A base table's numbers go through all recordings. */
const COUNTED: Readonly<Record<string, Counted>> = {
  event: "event",
  path: "path",
  parent: "path",
  drop: "drop",
  traversal: "traversal",
};

/** What has numbers of its own in a recording. */
export type Counted = "event" | "path" | "drop" | "traversal";

/** The table whose rows bear these numbers. */
const NUMBERED: Readonly<Partial<Record<TableName, Counted>>> = {
  events: "event",
  paths: "path",
  drops: "drop",
  traversals: "traversal",
};

/** Name of the base table of a table. */
export function baseTable(table: TableName): string {
  return table === "meta" ? "recordings" : `${table}_data`;
}

/** The columns of a base table, and how each is stored; `recording`, a number here, comes first in all but `meta`. */
export function baseColumns(
  table: TableName,
): readonly { column: ColumnDefinition; storage: Storage; counted: Counted | undefined }[] {
  return TABLES[table].columns
    .filter(({ name }) => table === "meta" || name !== "recording")
    .map((column) => ({ column, storage: storageOf(table, column.name), counted: countedBy(column) }));
}

function countedBy({ name, type }: ColumnDefinition): Counted | undefined {
  return type === "integer" ? COUNTED[name] : undefined;
}

function storageOf(table: TableName, name: string): Storage {
  if (name === "unix_ns" || (name === "duration_ns" && table === "paths")) return "derived";
  if (table === "events" && (DEVICE_COLUMNS.includes(name) || PACKET_COLUMNS.includes(name)))
    return "derived";
  return SHARED_TEXTS[table]?.includes(name) ? "text" : "value";
}

/** A name in SQL: some are keywords. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function sqlType({ type }: ColumnDefinition, storage: Storage): string {
  return storage === "value" && type === "text" ? "TEXT" : "INTEGER";
}

function createBase(table: TableName): string {
  const lines =
    table === "meta" ? ["id INTEGER PRIMARY KEY"] : ["recording INTEGER NOT NULL REFERENCES recordings(id)"];
  for (const { column, storage, counted } of baseColumns(table)) {
    if (storage === "derived") continue;
    const isKey = counted !== undefined && NUMBERED[table] === column.name;
    const parts = [quoted(column.name), sqlType(column, storage)];
    if (isKey) parts.push("PRIMARY KEY");
    else if (!column.optional) parts.push("NOT NULL");
    if (table === "meta" && column.name === "recording") parts.push("UNIQUE");
    if (storage === "text") parts.push("REFERENCES texts(id)");
    // A clone's parent can end, and be written, after the clone.
    if (counted === "path" && !isKey) parts.push("REFERENCES paths_data(path) DEFERRABLE INITIALLY DEFERRED");
    if (counted === "event" && !isKey) parts.push("REFERENCES events_data(event)");
    lines.push(parts.join(" "));
  }
  if (table === "events")
    lines.push("device INTEGER REFERENCES devices(id)", "packet INTEGER REFERENCES packets(id)");
  if (table === "meta")
    for (const counted of ["event", "path", "drop", "traversal"])
      lines.push(`${counted}_offset INTEGER NOT NULL`);
  return `CREATE TABLE ${baseTable(table)} (\n  ${lines.join(",\n  ")}\n) STRICT`;
}

function createView(table: TableName): string {
  const columns = TABLES[table].columns.map(
    ({ name }) => `${viewExpression(table, name)} AS ${quoted(name)}`,
  );
  const joins = [
    table === "meta" ? "recordings m" : `${baseTable(table)} r JOIN recordings m ON m.id = r.recording`,
    ...(table === "events"
      ? ["LEFT JOIN devices d ON d.id = r.device", "LEFT JOIN packets p ON p.id = r.packet"]
      : []),
  ];
  return `CREATE VIEW ${table} AS SELECT\n  ${columns.join(",\n  ")}\nFROM ${joins.join("\n")}`;
}

function viewExpression(table: TableName, name: string): string {
  const column = quoted(name);
  if (table === "meta" || name === "recording") return name === "recording" ? "m.recording" : `m.${column}`;
  if (name === "unix_ns") return "m.start_unix_ns + r.time_ns";
  if (table === "paths" && name === "duration_ns") return "r.last_ns - r.time_ns";
  if (table === "events" && DEVICE_COLUMNS.includes(name)) return `d.${column}`;
  if (table === "events" && PACKET_COLUMNS.includes(name)) return `p.${column}`;
  if (storageOf(table, name) === "text") return `(SELECT text FROM texts WHERE id = r.${column})`;
  const definition = TABLES[table].columns.find((candidate) => candidate.name === name);
  const counted = definition && countedBy(definition);
  return counted ? `r.${column} - m.${counted}_offset` : `r.${column}`;
}

/** Base tables and views, in order. */
export function createStatements(): string[] {
  const tables = Object.keys(TABLES) as TableName[];
  return [
    "CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT",
    "CREATE TABLE devices (id INTEGER PRIMARY KEY, netns INTEGER NOT NULL, ifindex INTEGER NOT NULL, interface TEXT) STRICT",
    `CREATE TABLE packets (id INTEGER PRIMARY KEY, ${PACKET_COLUMNS.map((name) => {
      const type = TABLES.events.columns.find((column) => column.name === name)?.type;
      return `${name} ${type === "text" ? "TEXT" : "INTEGER"}`;
    }).join(", ")}) STRICT`,
    ...tables.map(createBase),
    ...tables.map(createView),
    ...QUESTIONS.map(([name, , sql]) => `CREATE VIEW ${name} AS ${sql}`),
  ];
}

/** Made when all rows are there. */
export const CREATE_INDEXES: readonly string[] = [
  "CREATE INDEX IF NOT EXISTS events_by_path ON events_data(path)",
  "CREATE INDEX IF NOT EXISTS paths_by_parent ON paths_data(parent) WHERE parent IS NOT NULL",
  "CREATE INDEX IF NOT EXISTS paths_by_time ON paths_data(recording, time_ns)",
  "CREATE INDEX IF NOT EXISTS drops_by_path ON drops_data(path)",
  "CREATE INDEX IF NOT EXISTS traversals_by_path ON traversals_data(path)",
];

/** Views for common questions: name, what it answers, and how. */
export const QUESTIONS: readonly (readonly [name: string, meaning: string, sql: string])[] = [
  [
    "hops",
    "Each step of each path: from one function to the next, and how long it took",
    `SELECT recording, path, event, time_ns, cpu, function, netns, interface,
       time_ns - lag(time_ns) OVER way AS since_previous_ns,
       lag(function) OVER way AS previous_function
     FROM events WHERE kind = 'sight' WINDOW way AS (PARTITION BY recording, path ORDER BY event)`,
  ],
  [
    "path_shapes",
    "Ways that packets took: how many took each, and how long it took them",
    `SELECT recording, functions, outcome, drop_reason, count(*) AS paths, sum(complete) AS complete_paths,
       min(duration_ns) AS min_ns, avg(duration_ns) AS mean_ns, max(duration_ns) AS max_ns
     FROM paths GROUP BY 1, 2, 3, 4`,
  ],
  [
    "drop_places",
    "Where and why packets were dropped; harmless ones apart",
    `SELECT recording, benign, reason, function, count(*) AS drops, min(time_ns) AS first_ns, max(time_ns) AS last_ns
     FROM drops GROUP BY 1, 2, 3, 4`,
  ],
  [
    "table_verdicts",
    "What each iptables table decided at each hook, and how long it took",
    `SELECT recording, family, table_name, hook, verdict, count(*) AS passes, avg(duration_ns) AS mean_ns, max(duration_ns) AS max_ns
     FROM traversals GROUP BY 1, 2, 3, 4, 5`,
  ],
];
