// npm run generate: the JSON Schema of expectations, for editors, from the definition of their language.
// With --check nothing is written: it fails if the file is not what the definition says.
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";

import { expectationsSchema } from "../packages/analyzer/dist/expectations.js";

const FILE = new URL("../packages/analyzer/expectations.schema.json", import.meta.url);

const before = await readFile(FILE, "utf8").catch(() => "");
const after = `${JSON.stringify(expectationsSchema(), undefined, 2)}\n`;
if (after !== before) {
  if (process.argv.includes("--check")) {
    console.error(
      "packages/analyzer/expectations.schema.json is not what the language's definition says: run `npm run generate` and commit it",
    );
    process.exitCode = 1;
  } else {
    await writeFile(FILE, after);
    console.log("packages/analyzer/expectations.schema.json written");
  }
}
