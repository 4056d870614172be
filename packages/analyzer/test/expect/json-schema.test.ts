// The JSON Schema that is shipped says what the reader of expectations does.
import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";
import { parse } from "yaml";

import { ExpectationsError } from "@skbtracer/analyzer";
import { expectationsSchema, readExpectations } from "@skbtracer/analyzer/expectations";

const FILE = new URL("../../expectations.schema.json", import.meta.url);

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema & { readonly description?: string }>>;
  readonly items?: Schema;
  readonly examples?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: Number.isInteger,
  boolean: (value) => typeof value === "boolean",
  array: Array.isArray,
  object: (value) => typeof value === "object" && !Array.isArray(value),
};

/** Whether a schema accepts a value, by those of its keywords that the language uses for values. */
function accepts(one: Schema, value: unknown): boolean {
  const { type = [], enum: words, anyOf, properties = {}, items } = one;
  const types = [type].flat();
  if (types.length > 0 && !types.some((name) => TYPES[name]?.(value))) return false;
  if (words && !words.includes(value)) return false;
  if (anyOf && !anyOf.some((other) => accepts(other, value))) return false;
  if (typeof value === "string")
    return new RegExp(one.pattern ?? "", "u").test(value) && value.length >= (one.minLength ?? 0);
  if (typeof value === "number")
    return value >= (one.minimum ?? -Infinity) && value <= (one.maximum ?? Infinity);
  if (Array.isArray(value)) return !items || value.every((item) => accepts(items, item));
  if (typeof value !== "object" || value === null || one.properties === undefined) return true;
  return Object.entries(value).every(([key, member]) => {
    const property = properties[key];
    return property !== undefined && accepts(property, member);
  });
}

const schema = JSON.parse(readFileSync(FILE, "utf8")) as Schema;
const expectation = schema.properties?.["expectations"]?.items?.properties ?? {};

test("it is up to date: npm run generate", () => {
  expect(schema).toEqual(JSON.parse(JSON.stringify(expectationsSchema())));
});

test("every key says what it means", () => {
  const described = (properties: Schema["properties"] = {}): void => {
    for (const [key, member] of Object.entries(properties)) {
      expect(member.description, key).toMatch(/\.$/);
      for (const one of [member, ...(member.anyOf ?? [])]) described(one.properties ?? one.items?.properties);
    }
  };
  expect(Object.keys(expectation)).toContain("where");
  described(schema.properties);
});

describe("what the schema offers for a key is read", () => {
  /** Words and examples of a schema, wherever they stand in it. */
  const offered = (one: Schema): unknown[] => [
    ...(one.enum ?? []),
    ...(one.examples ?? []),
    ...(one.anyOf ?? []).flatMap(offered),
  ];
  const where = expectation["where"]?.properties ?? {};
  const cases = [
    ...Object.entries(where).map(
      ([key, member]) => [key, offered(member), (value: string) => `where: {${key}: ${value}}`] as const,
    ),
    ...Object.entries(expectation).map(
      ([key, member]) => [key, offered(member), (value: string) => `${key}: ${value}`] as const,
    ),
  ].flatMap(([key, values, write]) => values.map((value) => [key, JSON.stringify(value), write] as const));

  test("there is something to try", () => expect(cases.length).toBeGreaterThan(20));

  test.each(cases)("%s: %s", (_, value, write) => {
    const text = `expectations:\n  - name: it\n    ${write(value)}\n`;
    try {
      readExpectations(text, "x.yaml");
    } catch (error) {
      if (!(error instanceof ExpectationsError)) throw error;
      expect(error.message).toBe("");
    }
  });
});

describe("what is read is right by the schema", () => {
  test.each([
    "where: {clones: true}",
    "where: {clones: 'false', port: 80}",
    "where: {clones: True}",
    "where: {namespace: 4026531840}",
    "where: {namespace: [4026531840, web], interface: [1, true]}",
    "where: {protocol: 6}",
    "where: {protocol: [0x0806, 802.3, tcp]}",
    "where: {direction: Received, port: ['80', 8000-8080], source: $client}",
    "paths: '3'",
    "paths: None",
    "paths: {between: ['2', 5]}",
    "outcome: [Delivered, DROPPED]",
    "traversals: [{table: 5, hook: input, verdict: accept}]",
    "drops: NONE",
    "time: {from: ip_rcv, p99: 1.5 ms, margin: 20%}",
  ])("%s", (members) => {
    const text = `expectations:\n  - name: 7\n    ${members}\n`;
    expect(readExpectations(text, "x.yaml")).toHaveLength(1);
    expect(accepts(schema, parse(text))).toBe(true);
  });

  test.each([
    "where: {clones: maybe}",
    "where: {port: 65536}",
    "where: {protocl: tcp}",
    "paths: -1",
    "outcome: deliverd",
  ])("and not %s", (members) => {
    const text = `expectations:\n  - name: 7\n    ${members}\n`;
    expect(() => readExpectations(text, "x.yaml")).toThrow(ExpectationsError);
    expect(accepts(schema, parse(text))).toBe(false);
  });
});
