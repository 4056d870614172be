// Paths are counted by shape without rows of them: the counts are those of the rows.
import { readFileSync } from "node:fs";

import { type PathShape, PathShapes, Reconstruction } from "@skbtracer/analyzer";
import { RecordingReader } from "@skbtracer/format";
import { expect, test } from "vitest";

const FIXTURES = ["bridge-6.1", "veth-6.12"];

/** What is said of a shape, as text. */
const told = ({ outcome, dropReason, functions, verdicts, times, incomplete }: PathShape): string =>
  [outcome, dropReason, functions, verdicts, times.count, times.at(0.5), times.at(0.99), incomplete].join();

function counted(name: string, shapes: PathShapes, countsLives: boolean): string[] {
  const reader = new RecordingReader();
  const reconstruction = new Reconstruction(reader, {
    tables: new Set(["paths"]),
    shapesOnly: true,
    ...(countsLives && { shapes }),
  });
  const bytes = readFileSync(new URL(`../../../../fixtures/v1/${name}.skbt`, import.meta.url));
  for (const batches of [reader.push(bytes), reader.end()])
    for (const batch of batches) for (const { path } of reconstruction.take(batch).paths) shapes.addRow(path);
  for (const { path } of reconstruction.finish()) shapes.addRow(path);
  return shapes
    .all()
    .map((shape) => told(shape))
    .toSorted();
}

test("one recording behind another", () => {
  const [ofLives, ofRows] = [new PathShapes(), new PathShapes()];
  for (const name of [...FIXTURES, ...FIXTURES]) {
    const lives = counted(name, ofLives, true);
    expect(lives).toEqual(counted(name, ofRows, false));
    expect(lives.length).toBeGreaterThan(4);
  }
});
