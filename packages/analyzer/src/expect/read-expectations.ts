// A file of expectations from its YAML (https://yaml.org/spec/1.2.2/), with line and column of what is wrong.
import { type Document, LineCounter, parseDocument, type YAMLParseError } from "yaml";
import { findContradictions } from "./contradictions.js";
import type { Expectation } from "./expectation.js";
import { Reading } from "./forms.js";
import { EXPECTATIONS_FILE } from "./language.js";
import { ExpectationsError, type Position } from "./problem.js";

/** An expectation, and where it stands. */
export interface PlacedExpectation extends Position {
  readonly expectation: Expectation;
}

/**
 * Reads a file of expectations.
 * @param text the YAML
 * @param file its name, for messages
 * @throws ExpectationsError with all that is wrong
 */
export function readExpectations(text: string, file: string): PlacedExpectation[] {
  const lines = new LineCounter();
  const document = parse(text, lines, file);
  const reading = new Reading(document, lines);
  const { errors, contents } = document;
  for (const { pos, message } of told(errors))
    reading.complain(reading.position(pos[0]), `not valid YAML: ${whatIsWrong(message)}`);
  if (reading.problems.length > 0) throw new ExpectationsError(file, reading.problems);
  if (!contents)
    throw new ExpectationsError(file, [{ line: 1, column: 1, message: "there is nothing in this file" }]);
  const found = EXPECTATIONS_FILE.read(reading.resolved(contents), reading)?.expectations ?? [];
  // What is missing because it could not be read would contradict at random.
  if (reading.problems.length === 0) findContradictions(found, reading);
  if (reading.problems.length > 0) throw new ExpectationsError(file, reading.problems);
  return found.map((expectation) => ({ expectation, ...reading.placeOf(expectation, "name") }));
}

/** One mistake can have many errors: the first of each place, and of those that nesting makes. */
function told(errors: readonly YAMLParseError[]): YAMLParseError[] {
  const deep = errors.find(({ message }) => isTooDeep(message));
  if (deep) return [deep];
  const places = new Set<number>();
  return errors.filter(({ pos: [at] }) => places.size < places.add(at).size);
}

/** The parser calls itself for each level. */
const isTooDeep = (message: string): boolean => message.includes("call stack");

function whatIsWrong(message: string): string {
  if (isTooDeep(message)) return "nested too deeply";
  if (message.includes("multiple documents")) return "a second document begins here: one file has one";
  return message.replace(/\n.*$/s, "");
}

function parse(text: string, lineCounter: LineCounter, file: string): Document {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ExpectationsError(file, [{ line: 1, column: 1, message: "not valid YAML: nested too deeply" }]);
  }
}
