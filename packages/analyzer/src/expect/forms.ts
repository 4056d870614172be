// The forms that values of a YAML file can have. A form reads a value from the file's syntax tree, says with line and
// column what is wrong, and describes itself as JSON Schema: so a language is written down once.
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  visit,
} from "yaml";
import { nearest } from "../text/nearest.js";
import type { Position, Problem } from "./problem.js";

/** JSON Schema 2020-12: https://json-schema.org/draft/2020-12/schema */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A file while it is read. */
export class Reading {
  readonly problems: Problem[] = [];
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #places = new WeakMap<object, Map<string, Position>>();
  #targets: ReadonlyMap<Alias, Node | undefined> | undefined;

  constructor(document: Document, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  /** Where an offset of the file is. */
  position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** Notes that something is wrong, at a node or a place. */
  complain(at: Node | Position, message: string): undefined {
    const position = "line" in at ? at : this.position(at.range?.[0] ?? 0);
    this.problems.push({ ...position, message });
  }

  /** What an alias (`*web`) stands for. */
  resolved(node: Node): Node {
    if (!isAlias(node)) return node;
    this.#targets ??= targetsOf(this.#document);
    return this.#targets.get(node) ?? node;
  }

  /** Remembers where a member of a mapping is. */
  keep(owner: object, key: string, position: Position): void {
    let places = this.#places.get(owner);
    if (!places) {
      places = new Map();
      this.#places.set(owner, places);
    }
    places.set(key, position);
  }

  /** Where a member of a mapping that was read is; the first of the file if it was not there. */
  placeOf(owner: object | undefined, key: string): Position {
    return (owner && this.#places.get(owner)?.get(key)) ?? { line: 1, column: 1 };
  }
}

/** What the aliases of a file stand for: the nearest anchor of that name before them. All at once: each search would be through all of it. */
function targetsOf(document: Document): Map<Alias, Node | undefined> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node | undefined>();
  visit(document, {
    Alias: (_, alias) => void targets.set(alias, anchors.get(alias.source)),
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

/** One form of values. */
export interface Form<T> {
  readonly schema: JsonSchema;
  /** What is expected: "a port". */
  readonly expected: string;
  /** Whether a value is meant to have this form, right or wrong. */
  suits(node: Node): boolean;
  /** The value; undefined, and a complaint, if it is wrong. */
  read(node: Node, reading: Reading): T | undefined;
}

/** A value that is one word, number or text. */
export interface Kind<T> {
  readonly schema: JsonSchema;
  readonly expected: string;
  /** What can be written, to guess what was meant. */
  readonly words?: readonly string[];
  /** Undefined if the text is no such value. */
  parse(text: string): T | undefined;
}

/** What a scalar says, as it was written; undefined if it is none, or nothing. */
function scalarText(node: Node): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  if (typeof node.value === "string") return node.value;
  return node.source ?? JSON.stringify(node.value);
}

/** What a node is, for people. */
function described(node: Node): string {
  if (isAlias(node)) return `*${node.source}, and no &${node.source} before it`;
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a list";
  const text = scalarText(node);
  return text === undefined ? "nothing" : JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

function didYouMean(word: string, words: readonly string[] | undefined): string {
  const guess = words && nearest(word, words);
  return guess === undefined ? "" : `: did you mean ${guess}?`;
}

/** One value. */
export function one<T>(kind: Kind<T>): Form<T> {
  const { schema, expected } = kind;
  const parse = (node: Node): T | undefined => {
    const text = scalarText(node);
    return text === undefined ? undefined : kind.parse(text);
  };
  return {
    schema,
    expected,
    suits: (node) => parse(node) !== undefined,
    read: (node, reading) =>
      parse(node) ??
      reading.complain(
        node,
        `expected ${expected}, found ${described(node)}${didYouMean(scalarText(node) ?? "", kind.words)}`,
      ),
  };
}

/** A list of at least one. */
export function list<T>(form: Form<T>, expected: string): Form<readonly T[]> {
  return {
    schema: { type: "array", items: form.schema, minItems: 1 },
    expected,
    suits: isSeq,
    read: (node, reading) => {
      if (!isSeq(node)) return reading.complain(node, `expected ${expected}, found ${described(node)}`);
      if (node.items.length === 0) return reading.complain(node, `expected ${expected}, found an empty list`);
      const values: T[] = [];
      for (const item of node.items as Node[]) {
        const value = form.read(reading.resolved(item), reading);
        if (value !== undefined) values.push(value);
      }
      return values;
    },
  };
}

/** One, or a list of them. */
export function some<T>(form: Form<T>): Form<readonly T[]> {
  const many = list(form, `${form.expected}, or a list of such`);
  return {
    schema: { anyOf: [form.schema, many.schema] },
    expected: form.expected,
    suits: (node) => many.suits(node) || form.suits(node),
    read: (node, reading) => {
      if (isSeq(node)) return many.read(node, reading);
      const value = form.read(node, reading);
      return value === undefined ? undefined : [value];
    },
  };
}

/** The first of two forms that suits; the second says what is wrong in what is no single value. */
export function either<A, B>(
  first: Form<A>,
  second: Form<B>,
  expected: string = `${first.expected}, or ${second.expected}`,
): Form<A | B> {
  return {
    schema: { anyOf: [first.schema, second.schema] },
    expected,
    suits: (node) => first.suits(node) || second.suits(node),
    read: (node, reading) => {
      if (first.suits(node)) return first.read(node, reading);
      if (second.suits(node) || !isScalar(node)) return second.read(node, reading);
      return reading.complain(node, `expected ${expected}, found ${described(node)}`);
    },
  };
}

/** What a form reads, as another value. */
export function mapped<A, B>(form: Form<A>, change: (value: A) => B): Form<B> {
  return {
    ...form,
    read: (node, reading) => {
      const value = form.read(node, reading);
      return value === undefined ? undefined : change(value);
    },
  };
}

/** A member of a mapping. */
export interface Member<T> {
  readonly form: Form<T>;
  /** For people, in editors: a sentence. */
  readonly meaning: string;
  readonly required?: true;
}

/** The members of a mapping, by key. */
export type Members<T> = { readonly [K in keyof T]-?: Member<NonNullable<T[K]>> };

/** A mapping with these keys and no others. */
export function mapping<T extends object>(members: Members<T>, expected: string): Form<T> {
  const keys = Object.keys(members) as (keyof T & string)[];
  const required = keys.filter((key) => members[key].required);
  const properties = Object.fromEntries(
    keys.map((key) => [key, { description: members[key].meaning, ...members[key].form.schema }]),
  );
  return {
    schema: {
      type: "object",
      properties,
      additionalProperties: false,
      ...(required.length > 0 ? { required } : { minProperties: 1 }),
    },
    expected,
    suits: isMap,
    read: (node, reading) => {
      if (!isMap(node)) return reading.complain(node, `expected ${expected}, found ${described(node)}`);
      const values: Partial<T> = {};
      const seen = new Set<string>();
      for (const pair of node.items as Pair<Node, Node | null>[]) {
        const key = scalarText(pair.key) ?? "";
        const known = keys.find((candidate) => candidate === key);
        if (known === undefined) {
          reading.complain(pair.key, `unknown key ${described(pair.key)}${unknownHint(key, keys)}`);
          continue;
        }
        seen.add(known);
        reading.keep(values, known, reading.position(pair.key.range?.[0] ?? 0));
        const { form } = members[known];
        const value = pair.value === null ? undefined : form.read(reading.resolved(pair.value), reading);
        if (pair.value === null)
          reading.complain(pair.key, `${known}: expected ${form.expected}, found nothing`);
        else if (value !== undefined) values[known] = value;
      }
      for (const key of required)
        if (!seen.has(key)) reading.complain(node, `${key}: is missing: ${members[key].meaning}`);
      if (node.items.length === 0) reading.complain(node, `expected ${expected}, found nothing in it`);
      return values as T;
    },
  };
}

function unknownHint(key: string, keys: readonly string[]): string {
  const guess = didYouMean(key, keys);
  return guess || `; expected one of ${keys.join(", ")}`;
}
