// npm run generate: the tables of docs/schema.md, from the definitions that the analyzer follows. What stands between
// `<!-- generated: NAME -->` and `<!-- end -->` is replaced; the prose around it is written by hand.
// With --check nothing is written: it fails if the file is not what the definitions say.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { createStatements, QUESTIONS } from "../packages/analyzer/dist/sqlite/schema-sql.js";
import { TABLES } from "../packages/analyzer/dist/tables/schema.js";
import { storageOf } from "../packages/analyzer/dist/export/storage.js";
import { writeGenerated } from "./generated-file.mjs";

/** @import { ColumnDefinition } from "../packages/analyzer/dist/tables/schema.js" */

const FILE = new URL("../docs/schema.md", import.meta.url);
/** The package is the analyzer's. */
const Database = createRequire(new URL("../packages/analyzer/package.json", import.meta.url))(
  "better-sqlite3",
);

/**
 * @param {ColumnDefinition} column
 * @returns {string}
 */
function typeText(column) {
  return `${storageOf(column)}${column.optional ? ", optional" : ""}`;
}

/** @param {string} text in a cell of a table */
const cell = (text) => text.replaceAll("|", "\\|");

/** Every table, with its columns. */
function tables() {
  return Object.entries(TABLES)
    .map(([name, { meaning, columns }]) => {
      const rows = columns.map((column) =>
        rowOf([`\`${column.name}\``, typeText(column), column.unit ?? "", column.meaning]),
      );
      const heading = rowOf(["column", "type", "unit", "meaning"]);
      return [`### ${name}\n\n${meaning}.\n`, heading, "| --- | --- | --- | --- |", ...rows, ""].join("\n");
    })
    .join("\n");
}

/** @param {readonly string[]} cells */
const rowOf = (cells) => `| ${cells.map(cell).join(" | ")} |`.replaceAll("|  |", "| |");

/** The views with answers: SQLite says what their columns are called. */
function questions() {
  const db = new Database(":memory:");
  for (const statement of createStatements()) db.exec(statement);
  const rows = QUESTIONS.map(([name, meaning]) => {
    /** @type {{ name: string }[]} */
    const columns = db.prepare(`PRAGMA table_info(${name})`).all();
    return rowOf([`\`${name}\``, meaning, columns.map((column) => `\`${column.name}\``).join(", ")]);
  });
  db.close();
  return ["| view | answers | columns |", "| --- | --- | --- |", ...rows, ""].join("\n");
}

/** @type {Readonly<Record<string, () => string>>} */
const SECTIONS = { tables, questions };

const before = await readFile(FILE, "utf8");
const after = before.replaceAll(
  /(<!-- generated: (\w+) -->\n).*?(<!-- end -->)/gs,
  (_, begin, /** @type {string} */ name, end) => {
    const section = SECTIONS[name];
    if (!section) throw new Error(`docs/schema.md: there is no generated section ${name}`);
    return `${begin}\n${section()}\n${end}`;
  },
);
for (const name of Object.keys(SECTIONS))
  if (!after.includes(`<!-- generated: ${name} -->\n\n`))
    throw new Error(`docs/schema.md has no section <!-- generated: ${name} -->`);
await writeGenerated(FILE, after, "what the tables' definitions say");
