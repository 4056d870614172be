// Columns of paths that are made without rows say what the rows say.
import { readdirSync, readFileSync } from "node:fs";

import { blockOf, type FollowedPath, pathBlock, Reconstruction, rowAt } from "@skbtracer/analyzer";
import { RecordingReader } from "@skbtracer/format";
import { expect, test } from "vitest";

const FIXTURES = new URL("../../../../fixtures/v1/", import.meta.url);
const RECORDINGS = readdirSync(FIXTURES).filter((name) => name.endsWith(".skbt"));

function pathsOf(name: string): FollowedPath[] {
  const reader = new RecordingReader({ mode: "salvage" });
  const reconstruction = new Reconstruction(reader, { tables: new Set(["paths"]) });
  const paths: FollowedPath[] = [];
  for (const batches of [reader.push(readFileSync(new URL(name, FIXTURES))), reader.end()])
    for (const batch of batches) paths.push(...reconstruction.take(batch).paths);
  return [...paths, ...reconstruction.finish()];
}

test.each(RECORDINGS)("of %s", (name) => {
  const paths = pathsOf(name);
  expect(paths.length).toBeGreaterThan(3);
  const rows = paths.map(({ path }) => path);
  const expected = blockOf("paths", rows);
  const columns = pathBlock(paths);
  for (let i = 0; i < rows.length; i++) expect(rowAt(columns, i)).toEqual(rowAt(expected, i));
});

test("paths of one course have one course's columns, and no others", () => {
  const paths = RECORDINGS.flatMap(pathsOf);
  const courses = new Set(paths.map(({ path, course }) => `${path.recording} ${course}`));
  expect(courses.size).toBeLessThan(paths.length);
});
