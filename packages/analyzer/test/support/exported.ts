// Tables in each format, and readers that have nothing to do with their writers.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DuckDBInstance } from "@duckdb/node-api";
import {
  type Block,
  blockOf,
  type ByteSink,
  rowAt,
  TABLE_NAMES,
  type TableName,
  TABLES,
  type TableWriter,
  type Value,
} from "@skbtracer/analyzer";

import { fixtureTables } from "./blocks.js";

/** A row, with its columns in the order of the schema. */
export type Row = Record<string, Value>;

/** Recordings of a new and an old kernel, and of different networks. */
export const FIXTURES = ["bridge-6.1", "veth-6.12"] as const;

const folder = mkdtempSync(join(tmpdir(), "skbtracer-export-"));
let files = 0;

/** Puts bytes into a new file. */
export function file(bytes: Uint8Array, extension: string): string {
  const path = join(folder, `${++files}.${extension}`);
  writeFileSync(path, bytes);
  return path;
}

/** A new folder for files. */
export function newFolder(): string {
  return mkdtempSync(join(folder, "set-"));
}

/** What a writer makes of blocks. */
export async function exported(
  open: (table: TableName, sink: ByteSink) => TableWriter,
  table: TableName,
  blocks: readonly Block[],
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const writer = open(table, {
    write(bytes) {
      pieces.push(bytes);
    },
  });
  for (const block of blocks) await writer.write(block);
  await writer.end();
  return Buffer.concat(pieces);
}

/** The rows of blocks. */
export function rowsOf(blocks: readonly Block[]): Row[] {
  return blocks.flatMap((block) => Array.from({ length: block.length }, (_, i) => rowAt(block, i)));
}

/** Every table of the fixtures that has rows, and one of hostile texts. */
export function cases(): { name: string; table: TableName; blocks: readonly Block[] }[] {
  const recorded = FIXTURES.flatMap((name) => {
    const tables = fixtureTables(name);
    return TABLE_NAMES.map((table) => ({ name: `${name} ${table}`, table, blocks: tables.get(table) ?? [] }));
  });
  return [...recorded, { name: "hostile interfaces", table: "interfaces", blocks: [hostileInterfaces()] }];
}

/** Names that mean something to a spreadsheet, a parser or a terminal. */
export const HOSTILE_NAMES: readonly string[] = [
  "=cmd|'/C calc'!A0",
  "@SUM(1)",
  "-1+1",
  '"quoted", "twice"',
  "two\nlines",
  "carriage\rreturn",
  "nul\0inside",
  "\u001b[31mred\u001b[0m\u0007",
  "\u009b2J",
  "naïve-ünï",
  "日本語",
  "🦊\ue000",
  "line\u2028separator",
  " spaces ",
  "comma,",
  "null",
  "NULL",
  "",
  "\\N",
  "x".repeat(70_000),
];

/** Rows of `interfaces` with them, and all that can be absent being so now and then. */
export function hostileInterfaces(): Block {
  return blockOf(
    "interfaces",
    HOSTILE_NAMES.map((name, i) => ({
      recording: "00000000-0000-4000-8000-000000000000",
      netns: 4_026_531_840 + i,
      netns_name: i % 2 ? name : null,
      ifindex: i,
      interface: name,
      mac: null,
      mtu: i % 3 ? 1500 : null,
      kind: i % 5 ? "veth" : null,
      master: null,
      up: [0, 1, null][i % 3],
      link: HOSTILE_NAMES[i + 1] ?? null,
    })),
  );
}

const instance = DuckDBInstance.create(":memory:");

/** What DuckDB answers. */
export async function duckdb(sql: string): Promise<Record<string, unknown>[]> {
  const connection = await (await instance).connect();
  return (await connection.runAndReadAll(sql)).getRowObjects();
}

/** A value of a reader with types, as `rowAt` gives it. */
export function plainValue(value: unknown, type: string): Value {
  if (value === null || value === undefined) return null;
  const plain = typeof value === "object" && "nanos" in value ? value.nanos : value;
  if (type === "wide") return plain as bigint;
  if (type === "text") return plain as string;
  return Number(plain);
}

/** Rows of a reader with types, as `rowAt` gives them. */
export function plainRows(table: TableName, rows: readonly Record<string, unknown>[]): Row[] {
  return rows.map((row) => {
    const plain: Row = {};
    for (const [name, value] of Object.entries(row)) {
      const column = TABLES[table].columns.find((definition) => definition.name === name);
      plain[name] = plainValue(value, column?.type ?? "unknown column");
    }
    return plain;
  });
}
