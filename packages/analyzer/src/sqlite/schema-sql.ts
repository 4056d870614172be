// The database: base tables without repetition, and over them views that are the tables of the schema, column by column.
// What an event says by itself is stored there alone: drops, passes and paths refer to it, or share what repeats.
import { COURSE_COLUMNS } from "../reconstruct/followed-path.js";
import { HOPS_MAX } from "../reconstruct/places.js";
import { type ColumnDefinition, type TableName, TABLES } from "../tables/schema.js";

/** "skbt" in `PRAGMA application_id`. */
export const APPLICATION_ID = 0x736b_6274;

/** `PRAGMA user_version`: of the base tables and views. */
export const SCHEMA_VERSION = 3;

/** Columns of `events` that say what it was and where: a row of `sites`. */
export const SITE_COLUMNS: readonly string[] = ["kind", "function", "netns", "ifindex", "interface"];

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

/** Columns of `paths` that packets of one connection have in common: a row of `translations`. */
export const TRANSLATION_COLUMNS: readonly string[] = ["nat_before", "nat_after", "conntrack"];

/** Columns of `drops` that many drops have in common: a row of `drop_causes`. */
export const CAUSE_COLUMNS: readonly string[] = [
  "reason",
  "location",
  "function",
  "benign",
  "benign_rule",
  "stack",
];

/** Columns of `traversals` that many passes have in common: a row of `passes`. */
export const PASS_COLUMNS: readonly string[] = [
  "engine",
  "family",
  "table_family",
  "table_name",
  "chain",
  "hook",
  "verdict",
  "rule_handle",
  "rule",
  "conntrack",
  "in_interface",
  "out_interface",
];

/** Tables that are stored as they are: they are short. */
export const PLAIN_TABLES: readonly TableName[] = ["losses", "probes", "interfaces", "rules"];

/** What has numbers of its own in a recording; in the base tables they go through all recordings. */
export type Counted = "event" | "path" | "drop" | "traversal" | "packet";

/** All of these. */
export const COUNTED: readonly Counted[] = ["event", "path", "drop", "traversal", "packet"];

/** A name in SQL: some are keywords. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function definition(table: TableName, name: string): ColumnDefinition {
  const found = TABLES[table].columns.find((column) => column.name === name);
  if (!found) throw new Error(`${table} has no column ${name}`);
  return found;
}

function columnSql(table: TableName, name: string): string {
  const { type, optional } = definition(table, name);
  return `${quoted(name)} ${type === "text" ? "TEXT" : "INTEGER"}${optional ? "" : " NOT NULL"}`;
}

const names = (table: TableName): string[] => TABLES[table].columns.map(({ name }) => name);

function create(name: string, ...lines: readonly string[]): string {
  return `CREATE TABLE ${name} (\n  ${lines.join(",\n  ")}\n) STRICT`;
}

/** A table of what rows have in common. */
function shared(name: string, table: TableName, columns: readonly string[]): string {
  const lines = columns.map((column) => columnSql(table, column));
  return create(name, "id INTEGER PRIMARY KEY", ...lines);
}

const RECORDING = "recording INTEGER NOT NULL REFERENCES recordings(id)";
const EVENT = "event INTEGER NOT NULL REFERENCES events_data(event)";

const BASE_TABLES: readonly string[] = [
  create(
    "recordings",
    "id INTEGER PRIMARY KEY",
    ...names("meta").map((name) => `${columnSql("meta", name)}${name === "recording" ? " UNIQUE" : ""}`),
    ...COUNTED.map((counted) => `${counted}_offset INTEGER NOT NULL`),
  ),
  shared("sites", "events", SITE_COLUMNS),
  shared("packets", "events", PACKET_COLUMNS),
  shared("courses", "paths", COURSE_COLUMNS),
  shared("translations", "paths", TRANSLATION_COLUMNS),
  shared("drop_causes", "drops", CAUSE_COLUMNS),
  shared("passes", "traversals", PASS_COLUMNS),
  create(
    "paths_data",
    RECORDING,
    "path INTEGER PRIMARY KEY",
    "parent INTEGER REFERENCES paths_data(path)",
    // Unless its own
    "family INTEGER REFERENCES paths_data(path)",
    "merged_into INTEGER REFERENCES paths_data(path)",
    "course INTEGER NOT NULL REFERENCES courses(id)",
    "translation INTEGER REFERENCES translations(id)",
    // By halves: an address is an unsigned number of 64 bits, which neither SQLite nor JavaScript has
    "skb_high INTEGER NOT NULL",
    "skb_low INTEGER NOT NULL",
    "time_ns INTEGER NOT NULL",
    "last_ns INTEGER NOT NULL",
    "events INTEGER NOT NULL",
    "pid INTEGER NOT NULL",
    "len INTEGER NOT NULL",
    "packet INTEGER REFERENCES packets(id)",
    "last_packet INTEGER REFERENCES packets(id)",
  ),
  create(
    "events_data",
    RECORDING,
    "event INTEGER PRIMARY KEY",
    "path INTEGER REFERENCES paths_data(path)",
    "time_ns INTEGER NOT NULL",
    "cpu INTEGER NOT NULL",
    "site INTEGER NOT NULL REFERENCES sites(id)",
    "pid INTEGER NOT NULL",
    "len INTEGER NOT NULL",
    "mark INTEGER NOT NULL",
    "packet INTEGER REFERENCES packets(id)",
  ),
  create(
    "returns_data",
    "event INTEGER PRIMARY KEY REFERENCES events_data(event)",
    "return_value TEXT NOT NULL",
  ),
  create(
    "drops_data",
    RECORDING,
    '"drop" INTEGER PRIMARY KEY',
    EVENT,
    "cause INTEGER NOT NULL REFERENCES drop_causes(id)",
  ),
  create(
    "traversals_data",
    RECORDING,
    "traversal INTEGER PRIMARY KEY",
    EVENT,
    "pass INTEGER NOT NULL REFERENCES passes(id)",
    "duration_ns INTEGER NOT NULL",
  ),
  ...PLAIN_TABLES.map((table) =>
    create(
      `${table}_data`,
      RECORDING,
      ...names(table)
        .slice(1)
        .map((name) => columnSql(table, name)),
    ),
  ),
];

/** Where a view's columns come from: an expression by column; `*` for those that are not named. */
interface View {
  readonly from: string;
  readonly columns: Readonly<Record<string, string>>;
}

const from = (prefix: string, columns: readonly string[]): Record<string, string> =>
  Object.fromEntries(columns.map((name) => [name, `${prefix}.${quoted(name)}`]));

const UNIX_NS = "m.start_unix_ns + e.time_ns";
/** Of a row that refers to its event. */
const AT_EVENT = {
  event: "e.event - m.event_offset",
  path: "e.path - m.path_offset",
  time_ns: "e.time_ns",
  unix_ns: UNIX_NS,
  cpu: "e.cpu",
  pid: "e.pid",
  len: "e.len",
  ...from("s", SITE_COLUMNS),
  ...from("k", PACKET_COLUMNS),
};
const EVENT_JOINS = "JOIN sites s ON s.id = e.site LEFT JOIN packets k ON k.id = e.packet";

const VIEWS: Readonly<Partial<Record<TableName, View>>> = {
  meta: { from: "recordings m", columns: { "*": "m" } },
  events: {
    from: `events_data e JOIN recordings m ON m.id = e.recording ${EVENT_JOINS}`,
    columns: {
      ...AT_EVENT,
      return_value: "(SELECT return_value FROM returns_data WHERE event = e.event)",
      "*": "e",
    },
  },
  paths: {
    from:
      "paths_data p JOIN recordings m ON m.id = p.recording JOIN courses c ON c.id = p.course " +
      "LEFT JOIN translations t ON t.id = p.translation " +
      "LEFT JOIN packets k ON k.id = p.packet LEFT JOIN packets l ON l.id = p.last_packet",
    columns: {
      path: "p.path - m.path_offset",
      parent: "p.parent - m.path_offset",
      family: "coalesce(p.family, p.path) - m.path_offset",
      merged_into: "p.merged_into - m.path_offset",
      skb: "printf('0x%08x%08x', p.skb_high, p.skb_low)",
      unix_ns: "m.start_unix_ns + p.time_ns",
      duration_ns: "p.last_ns - p.time_ns",
      hop_ns:
        "coalesce((SELECT group_concat(s.time_ns - p.time_ns, ' ') FROM (SELECT time_ns FROM events_data e " +
        "JOIN sites s ON s.id = e.site WHERE e.path = p.path AND s.kind = 'sight' ORDER BY e.event " +
        `LIMIT ${HOPS_MAX}) s), '')`,
      last_source: "l.source",
      last_source_port: "l.source_port",
      last_destination: "l.destination",
      last_destination_port: "l.destination_port",
      ...from("c", COURSE_COLUMNS),
      ...from("t", TRANSLATION_COLUMNS),
      ...from("k", PACKET_COLUMNS),
      "*": "p",
    },
  },
  drops: {
    from: `drops_data r JOIN events_data e ON e.event = r.event JOIN recordings m ON m.id = r.recording JOIN drop_causes c ON c.id = r.cause ${EVENT_JOINS}`,
    columns: { ...AT_EVENT, drop: 'r."drop" - m.drop_offset', ...from("c", CAUSE_COLUMNS) },
  },
  traversals: {
    from: `traversals_data r JOIN events_data e ON e.event = r.event JOIN recordings m ON m.id = r.recording JOIN passes c ON c.id = r.pass ${EVENT_JOINS}`,
    columns: {
      ...AT_EVENT,
      traversal: "r.traversal - m.traversal_offset",
      duration_ns: "r.duration_ns",
      ...from("c", PASS_COLUMNS),
    },
  },
};

function createView(table: TableName): string {
  const view = VIEWS[table] ?? {
    from: `${table}_data r JOIN recordings m ON m.id = r.recording`,
    columns: { "*": "r" },
  };
  const columns = names(table).map((name) => {
    const other = `${view.columns["*"] ?? "?"}.${quoted(name)}`;
    const source = name === "recording" ? "m.recording" : (view.columns[name] ?? other);
    return `${source} AS ${quoted(name)}`;
  });
  return `CREATE VIEW ${table} AS SELECT\n  ${columns.join(",\n  ")}\nFROM ${view.from}`;
}

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
    "What each table of rules decided at each hook, and how long it took",
    `SELECT recording, engine, family, table_name, chain, hook, verdict, count(*) AS passes, avg(duration_ns) AS mean_ns, max(duration_ns) AS max_ns
     FROM traversals GROUP BY 1, 2, 3, 4, 5, 6, 7`,
  ],
];

/** Base tables and views, in order. */
export function createStatements(): string[] {
  return [
    ...BASE_TABLES,
    ...(Object.keys(TABLES) as TableName[]).map(createView),
    ...QUESTIONS.map(([name, , sql]) => `CREATE VIEW ${name} AS ${sql}`),
  ];
}

/** Made when all rows are there. */
export const CREATE_INDEXES: readonly string[] = [
  "CREATE INDEX IF NOT EXISTS events_by_path ON events_data(path)",
  "CREATE INDEX IF NOT EXISTS paths_by_parent ON paths_data(parent) WHERE parent IS NOT NULL",
  "CREATE INDEX IF NOT EXISTS paths_by_time ON paths_data(recording, time_ns)",
  "CREATE INDEX IF NOT EXISTS drops_by_event ON drops_data(event)",
  "CREATE INDEX IF NOT EXISTS traversals_by_event ON traversals_data(event)",
];
