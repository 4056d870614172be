// The JSON Schema that is shipped says what the reader of expectations does.
import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { ExpectationsError } from "@skbtracer/analyzer";
import { expectationsSchema, readExpectations } from "@skbtracer/analyzer/expectations";

const FILE = new URL("../../expectations.schema.json", import.meta.url);

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema & { readonly description?: string }>>;
  readonly items?: Schema;
  readonly examples?: readonly string[];
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
