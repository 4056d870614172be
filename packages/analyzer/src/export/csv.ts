// CSV (RFC 4180, lines ended by LF): a header, then a line for each row.
import { stringify } from "csv-stringify/sync";

import type { Block } from "../tables/block.js";
import { type TableName, TABLES } from "../tables/schema.js";
import { TextCells } from "./text-cells.js";
import { type ByteSink, expectTable, type TableWriter } from "./writer.js";

const encoder = new TextEncoder();

/**
 * Writes a table as CSV. No value is an empty cell, an empty text is `""`; booleans are 0 and 1. What a spreadsheet
 * would take for a formula (`=cmd`) gets an apostrophe in front.
 */
export function csvWriter(table: TableName, sink: ByteSink): TableWriter {
  const { columns } = TABLES[table];
  const cells = new TextCells({ none: "", text: cellOf, boolean: ["0", "1"] }, columns);
  let header = `${columns.map(({ name }) => cellOf(name)).join(",")}\n`;
  const flush = (text: string): void | Promise<void> => {
    const all = header + text;
    header = "";
    if (all) return sink.write(encoder.encode(all));
  };
  return {
    write(block: Block): void | Promise<void> {
      expectTable(block, table);
      const [first, ...rest] = cells.of(block);
      let text = "";
      for (let i = 0; i < block.length; i++) {
        text += first?.(i) ?? "";
        for (const cell of rest) text += `,${cell(i)}`;
        text += "\n";
      }
      return flush(text);
    },
    end: () => flush(""),
  };
}

function cellOf(text: string): string {
  return stringify([[text]], { escape_formulas: true, quoted_empty: true, eof: false });
}
