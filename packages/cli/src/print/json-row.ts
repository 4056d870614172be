// A row as a line of NDJSON: its columns in the order of the schema. Integers of 64 bits are written in full.
import { type TableName, TABLES, type Value } from "@skbtracer/analyzer";

/** The line, without its end. */
export function jsonText(table: TableName, row: object): string {
  const members = TABLES[table].columns.map(({ name, type }) => {
    const value = (row as Readonly<Record<string, Value | undefined>>)[name] ?? null;
    if (type === "boolean" && value !== null) return `${JSON.stringify(name)}:${value !== 0}`;
    return `${JSON.stringify(name)}:${typeof value === "bigint" ? value.toString() : JSON.stringify(value)}`;
  });
  return `{${members.join(",")}}`;
}
