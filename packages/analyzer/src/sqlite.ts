// Databases of recordings. Apart from the package's other exports, as it loads a native addon.
export { DatabaseError, ImportTarget, isDatabaseFile, openDatabase } from "./sqlite/database.js";
export type { RecordingImport } from "./sqlite/importer.js";
export { QUESTIONS } from "./sqlite/schema-sql.js";
