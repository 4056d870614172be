// The language of expectations as JSON Schema, for editors.
import type { JsonSchema } from "./forms.js";
import { EXPECTATIONS_FILE } from "./language.js";

/** The whole schema. */
export function expectationsSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Expectations of skbtracer",
    description: "What is expected of the packets of a recording: `skbtracer check RECORDING --expect THIS`",
    ...EXPECTATIONS_FILE.schema,
  };
}
