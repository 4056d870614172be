// Blocks of the tables of recordings under fixtures/.
import { readFileSync } from "node:fs";

import { RecordingReader } from "@skbtracer/format";
import { type Block, blockOf, Reconstruction, TABLE_NAMES, type TableName } from "@skbtracer/analyzer";

/** All blocks of every table of fixtures/v1/NAME.skbt. A table may have none. */
export function fixtureTables(name: string): ReadonlyMap<TableName, readonly Block[]> {
  const reader = new RecordingReader();
  const reconstruction = new Reconstruction(reader, { tables: new Set(TABLE_NAMES) });
  const tables = new Map<TableName, Block[]>(TABLE_NAMES.map((table) => [table, []]));
  const add = (block: Block): void => {
    if (block.length) tables.get(block.table)?.push(block);
  };
  const bytes = readFileSync(new URL(`../../../../fixtures/v1/${name}.skbt`, import.meta.url));
  for (const batches of [reader.push(bytes), reader.end()])
    for (const batch of batches) {
      const { events, drops, traversals, paths } = reconstruction.take(batch);
      if (events) add(events);
      add(blockOf("drops", drops));
      add(blockOf("traversals", traversals));
      add(
        blockOf(
          "paths",
          paths.map(({ path }) => path),
        ),
      );
    }
  add(
    blockOf(
      "paths",
      reconstruction.finish().map(({ path }) => path),
    ),
  );
  for (const block of reconstruction.hostBlocks()) add(block);
  return tables;
}

/** All blocks of one table of fixtures/v1/NAME.skbt. */
export function fixtureBlocks(name: string, table: TableName): readonly Block[] {
  return fixtureTables(name).get(table) ?? [];
}
