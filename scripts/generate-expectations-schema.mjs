// npm run generate: the JSON Schema of expectations, for editors, from the definition of their language.
// With --check nothing is written: it fails if the file is not what the definition says.
import { expectationsSchema } from "../packages/analyzer/dist/expectations.js";
import { writeGenerated } from "./generated-file.mjs";

const FILE = new URL("../packages/analyzer/expectations.schema.json", import.meta.url);

await writeGenerated(
  FILE,
  `${JSON.stringify(expectationsSchema(), undefined, 2)}\n`,
  "what the language's definition says",
);
