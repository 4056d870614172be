// Newline-delimited JSON: an object for each row, with every column.
import type { Block } from "../tables/block.js";
import { type TableName, TABLES } from "../tables/schema.js";
import { TextCells } from "./text-cells.js";
import { type ByteSink, expectTable, type TableWriter } from "./writer.js";

const encoder = new TextEncoder();

/** What JSON may leave as it is and a terminal or a program that splits lines may not: DEL, C1 controls, U+2028, U+2029. */
const UNESCAPED_CONTROLS = /[\u007f-\u009f\u2028\u2029]/g;

/**
 * Writes a table as NDJSON. Integers are numbers with all their digits, also beyond 2^53, where some readers round them;
 * booleans are `true` and `false`. Control characters in texts are escaped.
 */
export function ndjsonWriter(table: TableName, sink: ByteSink): TableWriter {
  const { columns } = TABLES[table];
  const cells = new TextCells({ none: "null", text: jsonText, boolean: ["false", "true"] }, columns);
  const keys = columns.map(({ name }, at) => `${at ? "," : "{"}${JSON.stringify(name)}:`);
  return {
    write(block: Block): void | Promise<void> {
      expectTable(block, table);
      const row = cells.of(block).map((cell, at) => ({ key: keys[at] ?? "", cell }));
      let text = "";
      for (let i = 0; i < block.length; i++) {
        for (const { key, cell } of row) text += key + cell(i);
        text += "}\n";
      }
      if (text) return sink.write(encoder.encode(text));
    },
    end() {},
  };
}

function jsonText(text: string): string {
  return JSON.stringify(text).replaceAll(
    UNESCAPED_CONTROLS,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
