// Files of expectations: what reads, describes and proposes them needs a library for YAML, which takes as long to load as
// all else.
export { expectationsSchema } from "./expect/json-schema.js";
export { Proposals } from "./expect/propose/propose.js";
export { Survey } from "./expect/propose/survey.js";
export { type PlacedExpectation, readExpectations } from "./expect/read-expectations.js";
